using Raft.Rpc;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// Finds out whether a leader is of this library before it is sent what must not be lost: one of another library ends the connection,
/// as does one that dies with it. Used on the loop scheduler.
/// </summary>
internal sealed class LeaderProbe(AskProtocol asks, TaskGroup tasks, WakeSignal wake)
{
    private bool _isAsking;

    /// <summary>Asks it, if nobody is asked now; what it tells is noted with what servers can do.</summary>
    public void Ask(Server leader)
    {
        if (!_isAsking)
        {
            _isAsking = tasks.Start($"question to {leader.Id}", () => AskAsync(leader));
        }
    }

    private async Task AskAsync(Server leader)
    {
        try
        {
            await asks.AskAsync(leader, ReadOnlyMemory<byte>.Empty, tasks.Stopping);
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            // It did not answer: asked again later.
        }
        finally
        {
            _isAsking = false;
            wake.Set();
        }
    }
}
