using System.Threading.Channels;

namespace Raft.Tests.Support;

/// <summary>Appends over one virtual connection: in order both ways, and dead for good once an answer stays out.</summary>
internal sealed class VirtualPipeline(
    VirtualNetwork network, ServerAddress from, Server target, Action<VirtualPipeline> onEnd) : IAppendPipeline
{
    private readonly Channel<AppendEntriesResponse> _responses = Channel.CreateUnbounded<AppendEntriesResponse>();
    private readonly Queue<Pending> _pending = new();
    private bool _hasEnded;

    public ChannelReader<AppendEntriesResponse> Responses => _responses.Reader;

    public ValueTask SendAsync(AppendEntriesRequest request)
    {
        if (_hasEnded)
        {
            return ValueTask.FromException(new TransportException(TransportFailure.Broken, $"{target}: connection ended"));
        }

        var pending = new Pending();
        _pending.Enqueue(pending);
        network.Carry(from, target.Address, request, (response, error) =>
        {
            pending.Response = response as AppendEntriesResponse;
            pending.Error = error;
            pending.IsAnswered = true;
            Drain();
        });
        network.After(network.Timeout, () =>
        {
            if (!pending.IsAnswered)
            {
                End(new TransportException(TransportFailure.TimedOut, $"{target}: no answer in time"));
            }
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        End(new TransportException(TransportFailure.Shutdown, "the pipeline was closed"));
        return ValueTask.CompletedTask;
    }

    internal void End(Exception why)
    {
        if (!_hasEnded)
        {
            _hasEnded = true;
            _responses.Writer.TryComplete(why);
            onEnd(this);
        }
    }

    private void Drain()
    {
        while (!_hasEnded && _pending.TryPeek(out Pending? next) && next.IsAnswered)
        {
            _pending.Dequeue();
            if (next.Error is not null)
            {
                End(new RemoteRpcException(next.Error));
            }
            else
            {
                _responses.Writer.TryWrite(next.Response!);
            }
        }
    }

    private sealed class Pending
    {
        public bool IsAnswered { get; set; }

        public AppendEntriesResponse? Response { get; set; }

        public string? Error { get; set; }
    }
}
