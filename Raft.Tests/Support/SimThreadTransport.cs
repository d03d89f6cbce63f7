using System.Threading.Channels;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Tests.Support;

/// <summary>A simulated transport, for tests that run on other threads than the simulation's.</summary>
/// <param name="thread">The simulation.</param>
/// <param name="process">The transport's process.</param>
/// <param name="inner">The transport.</param>
internal sealed class SimThreadTransport(SimThread thread, SimProcess process, SimTransport inner) : ITransport
{
    private readonly Queue<IncomingRpc> _early = new();
    private IRpcReceiver? _receiver;

    public ServerAddress LocalAddress => inner.LocalAddress;

    // In a simulation a server listens from its start on, and not before: what comes between waits here.
    public Task ListenAsync() => thread.RunAsync(process, () =>
    {
        inner.Start(new Receiver(this));
        return ValueTask.CompletedTask;
    });

    public void Start(IRpcReceiver receiver) => thread.Post(() =>
    {
        _receiver = receiver;
        while (_early.TryDequeue(out IncomingRpc? rpc))
        {
            receiver.Receive(rpc);
        }
    });

    public ValueTask<AppendEntriesResponse> AppendEntriesAsync(
        Server target, AppendEntriesRequest request, CancellationToken cancellationToken) =>
        CallAsync(token => inner.AppendEntriesAsync(target, request, token), cancellationToken);

    public ValueTask<RequestVoteResponse> RequestVoteAsync(
        Server target, RequestVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync(token => inner.RequestVoteAsync(target, request, token), cancellationToken);

    public ValueTask<RequestPreVoteResponse> RequestPreVoteAsync(
        Server target, RequestPreVoteRequest request, CancellationToken cancellationToken) =>
        CallAsync(token => inner.RequestPreVoteAsync(target, request, token), cancellationToken);

    public ValueTask<InstallSnapshotResponse> InstallSnapshotAsync(
        Server target, InstallSnapshotRequest request, ISnapshotBody body, CancellationToken cancellationToken) =>
        CallAsync(token => inner.InstallSnapshotAsync(target, request, new SimThreadBody(thread, process, body), token), cancellationToken);

    public ValueTask<TimeoutNowResponse> TimeoutNowAsync(
        Server target, TimeoutNowRequest request, CancellationToken cancellationToken) =>
        CallAsync(token => inner.TimeoutNowAsync(target, request, token), cancellationToken);

    public ValueTask<AskResponse> AskAsync(Server target, AskRequest request, CancellationToken cancellationToken) =>
        CallAsync(token => inner.AskAsync(target, request, token), cancellationToken);

    public ValueTask<ConnectOutcome> ProbeAsync(Server target, CancellationToken cancellationToken) =>
        CallAsync(token => inner.ProbeAsync(target, token), cancellationToken);

    public ValueTask<IAppendPipeline> OpenAppendPipelineAsync(Server target, CancellationToken cancellationToken) =>
        CallAsync<IAppendPipeline>(
            async token => new Pipeline(this, await inner.OpenAppendPipelineAsync(target, token)), cancellationToken);

    public ValueTask DisposeAsync() => new(thread.RunAsync(process, inner.DisposeAsync));

    private async ValueTask<T> CallAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        using var cancellation = new CancellationTokenSource();
        using CancellationTokenRegistration registered =
            cancellationToken.Register(() => thread.Post(() => cancellation.Cancel()));
        return await thread.RunAsync(process, () => call(cancellation.Token));
    }

    private sealed class Receiver(SimThreadTransport transport) : IRpcReceiver
    {
        public void Disconnected(ServerId server) => transport._receiver?.Disconnected(server);

        public void Receive(IncomingRpc rpc)
        {
            var handed = new Rpc(transport, rpc);
            if (transport._receiver is { } receiver)
            {
                receiver.Receive(handed);
            }
            else
            {
                transport._early.Enqueue(handed);
            }
        }
    }

    private sealed class Rpc(SimThreadTransport transport, IncomingRpc inner) : IncomingRpc(inner.Request)
    {
        public override ISnapshotBody? Body { get; } = inner.Body is null ? null : new Bytes(transport, inner.Body);

        protected override void Send(RpcResponse? response, string? error) =>
            transport.Post(() => inner.Respond(response, error));
    }

    /// <summary>Takes as many pieces as have arrived at once, so that a test does not ask for each.</summary>
    private sealed class Bytes(SimThreadTransport transport, ISnapshotBody inner) : ISnapshotBody
    {
        private readonly byte[] _piece = new byte[1024];
        private Task<int>? _next;
        private int _left;
        private int _taken;

        public ValueTask<int> ReadAsync(Memory<byte> buffer) => transport.Run(async () =>
        {
            int count = 0;
            while (count < buffer.Length && (count == 0 || _left > 0 || Next().IsCompletedSuccessfully))
            {
                if (_left == 0)
                {
                    (_left, _taken, _next) = (await Next(), 0, null);
                    if (_left == 0)
                    {
                        break;
                    }
                }

                int some = Math.Min(_left, buffer.Length - count);
                _piece.AsMemory(_taken, some).CopyTo(buffer[count..]);
                (count, _left, _taken) = (count + some, _left - some, _taken + some);
            }

            transport.Taken(count);
            return count;
        });

        private Task<int> Next() => _next ??= inner.ReadAsync(_piece).AsTask();
    }

    private sealed class Pipeline(SimThreadTransport transport, IAppendPipeline inner) : IAppendPipeline
    {
        public ChannelReader<AppendEntriesResponse> Responses => inner.Responses;

        public async ValueTask SendAsync(AppendEntriesRequest request) => await transport.Run(async () =>
        {
            await inner.SendAsync(request);
            return true;
        });

        public async ValueTask DisposeAsync() => await transport.Run(async () =>
        {
            await inner.DisposeAsync();
            return true;
        });
    }

    private void Post(Action action) => thread.Post(action);

    private void Taken(int bytes) => thread.TakenBytes += bytes;

    private ValueTask<T> Run<T>(Func<ValueTask<T>> run) => new(thread.RunAsync(process, run));
}
