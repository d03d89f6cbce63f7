using System.Threading.Channels;

namespace Raft.Rpc;

/// <summary>Appends in a row on an <see cref="InMemoryNetwork"/>. Answers are handed on in the order of the requests.</summary>
/// <remarks>A lock serves here: answers come from any thread and have to be put into order at once.</remarks>
internal sealed class InMemoryPipeline : InMemoryExchange, IAppendPipeline
{
    private readonly Lock _gate = new();
    private readonly Queue<Rpc> _waiting = new();
    private readonly CallDeadline _deadline;
    private readonly Channel<AppendEntriesResponse> _responses = Channel.CreateUnbounded<AppendEntriesResponse>(
        new() { SingleReader = true, AllowSynchronousContinuations = false });

    private Exception? _end;

    public InMemoryPipeline(InMemoryTransport source, ServerAddress target)
        : base(source.Network, source.LocalAddress, target)
    {
        _deadline = new CallDeadline(Network.TimeProvider, source.Timeout, () => End(TimedOut(source.Timeout)));
        Network.Add(this);
    }

    public ChannelReader<AppendEntriesResponse> Responses => _responses.Reader;

    public ValueTask SendAsync(AppendEntriesRequest request)
    {
        var rpc = new Rpc(this, request);
        lock (_gate)
        {
            if (_end is not null)
            {
                return ValueTask.FromException(
                    new TransportException((_end as TransportException)?.Failure ?? TransportFailure.Closed, _end.Message));
            }

            _waiting.Enqueue(rpc);
            if (_waiting.Count == 1)
            {
                _deadline.Begin();
            }
        }

        if (TryDeliver(rpc))
        {
            return ValueTask.CompletedTask;
        }

        End(new TransportException(TransportFailure.Broken, $"{Target} is not reached any more"));
        return ValueTask.FromException(new TransportException(TransportFailure.Broken, $"{Target} is not reached any more"));
    }

    public override void End(Exception reason)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                return;
            }

            _end = reason;
            _waiting.Clear();
        }

        _responses.Writer.TryComplete(reason);
        // Whoever disposes a pipeline without reading to its end has not missed an error.
        _ = _responses.Reader.Completion.Exception;
        _deadline.Dispose();
        Network.Remove(this);
    }

    public ValueTask DisposeAsync()
    {
        End(new TransportException(TransportFailure.Shutdown, "the pipeline was closed"));
        return ValueTask.CompletedTask;
    }

    private void Answer(Rpc rpc, RpcResponse? response, string? error)
    {
        if (!AnswerArrives())
        {
            return;
        }

        string? ended = null;
        lock (_gate)
        {
            rpc.Response = response ?? ZeroAnswer(rpc.Request);
            rpc.Error = string.IsNullOrEmpty(error) ? null : error;
            while (ended is null && _waiting.TryPeek(out Rpc? head) && head.Response is not null)
            {
                _waiting.Dequeue();
                ended = head.Error;
                if (ended is null)
                {
                    _responses.Writer.TryWrite((AppendEntriesResponse)head.Response);
                }
            }

            if (_waiting.Count == 0)
            {
                _deadline.End();
            }
            else
            {
                _deadline.Begin();
            }
        }

        if (ended is not null)
        {
            End(new RemoteRpcException(ended));
        }
    }

    private sealed class Rpc(InMemoryPipeline pipeline, AppendEntriesRequest request) : IncomingRpc(request)
    {
        /// <summary>The answer, once it was given. Under the pipeline's lock.</summary>
        public RpcResponse? Response { get; set; }

        /// <summary>The answer's error text.</summary>
        public string? Error { get; set; }

        protected override void Send(RpcResponse? response, string? error) => pipeline.Answer(this, response, error);
    }
}
