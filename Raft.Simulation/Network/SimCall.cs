using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>One request and its answer, on a connection that no other call shares meanwhile.</summary>
internal sealed class SimCall<T> : SimExchange
    where T : RpcResponse
{
    private readonly TaskCompletionSource<T> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _to;
    private SimTransport? _receiver;

    private SimCall(SimTransport source, Server target, int to)
        : base(source, target)
    {
        _to = to;
    }

    /// <summary>Makes a call. A step of the caller's process.</summary>
    public static async ValueTask<T> RunAsync(
        SimTransport source, Server target, RpcRequest request, CancellationToken cancellationToken)
    {
        var call = new SimCall<T>(source, target, MachineOf(target.Address));
        if (source.IsClosed || cancellationToken.IsCancellationRequested)
        {
            throw call.Failed(TransportFailure.Shutdown);
        }

        source.Open(call);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => call.End(TransportFailure.Shutdown));
        call.Send(request);
        try
        {
            return await call._outcome.Task;
        }
        finally
        {
            source.Closed(call);
            call._receiver?.Inbound.Remove(call);
        }
    }

    public override void End(TransportFailure why) => _outcome.TrySetException(Failed(why));

    /// <summary>The machine under an address. Addresses of a run are the machines' numbers, from 1 on.</summary>
    internal static int MachineOf(ServerAddress address) => SimAddress.MachineOf(address);

    private void Send(RpcRequest request)
    {
        int from = Source.Machine;
        SimKernel kernel = Network.Kernel;
        Network.Requested(from, _to, request);
        _receiver = Network.Find(Target.Address);
        kernel.After(Source.Process, Network.Conditions.Timeout, () => End(TransportFailure.TimedOut));
        if (Network.IsRefused(from, _to, _receiver))
        {
            kernel.After(Source.Process, Network.Delay(from, _to), () => End(TransportFailure.Unreachable));
            return;
        }

        if (_receiver is not { } receiver || Network.Link(from, _to).IsCut || Network.IsDropped())
        {
            return;
        }

        long askedAt = kernel.Steps;
        receiver.Inbound.Add(this);
        Source.Talks(receiver, request.Header.Id);
        kernel.After(
            receiver.Process, Network.Delay(from, _to), () => receiver.Deliver(new SimRpc(request, (response, error) =>
                Answer(request, response, error, askedAt))));
        Network.MaybeDuplicate(Source, receiver, request);
    }

    /// <summary>A step of the receiver's process.</summary>
    private void Answer(RpcRequest request, RpcResponse? response, string? error, long askedAt)
    {
        int to = Source.Machine;
        Network.Answered(_to, to, request, response, askedAt);
        if (Network.IsDropped())
        {
            return;
        }

        Network.Kernel.After(Source.Process, Network.Delay(_to, to), () =>
        {
            if (Network.Link(_to, to).IsCut)
            {
                return;
            }

            if (error is null && response is T answer)
            {
                _outcome.TrySetResult(answer);
            }
            else
            {
                _outcome.TrySetException(new RemoteRpcException(error ?? "no answer of the right kind"));
            }
        });
    }
}
