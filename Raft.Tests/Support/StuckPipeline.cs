using System.Threading.Channels;

namespace Raft.Tests.Support;

/// <summary>A pipeline whose other side takes nothing: a send waits until the pipeline is disposed, no answer comes.</summary>
internal sealed class StuckPipeline : IAppendPipeline
{
    private readonly Channel<AppendEntriesResponse> _responses = Channel.CreateUnbounded<AppendEntriesResponse>();
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="clock">The clock.</param>
    /// <param name="answersEndAfter">When the answers complete, although sending still waits.</param>
    public StuckPipeline(VirtualClock clock, TimeSpan answersEndAfter) => clock.CreateTimer(
        _ => _responses.Writer.TryComplete(new TransportException(TransportFailure.TimedOut, "no answer in time")),
        null, answersEndAfter, Timeout.InfiniteTimeSpan);

    public ChannelReader<AppendEntriesResponse> Responses => _responses.Reader;

    public ValueTask SendAsync(AppendEntriesRequest request) => new(_sent.Task);

    public ValueTask DisposeAsync()
    {
        _sent.TrySetException(new TransportException(TransportFailure.Shutdown, "the pipeline was closed"));
        _responses.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}
