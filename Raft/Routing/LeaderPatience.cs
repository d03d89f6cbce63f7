using Raft.Core;
using Raft.Timing;

namespace Raft.Routing;

/// <summary>
/// For how long a leader is waited for that was asked: no longer than <see cref="RaftConfig.LeaderWaitTimeout"/>, and where another leads
/// meanwhile about a heartbeat timeout longer, as one that can answer has heard of it by then. Owned by who asks.
/// </summary>
internal sealed class LeaderPatience : IDisposable
{
    private readonly NodeBoard _board;
    private readonly ServerId _leader;
    private readonly ulong _term;
    private readonly TimeLimit _limit;
    private readonly ITimer _look;
    private bool _wasOvertaken;

    /// <summary>Begins to wait.</summary>
    /// <param name="clock">The node's clock.</param>
    /// <param name="board">Where it is seen who leads.</param>
    /// <param name="config">The settings in force.</param>
    /// <param name="leader">Who is asked.</param>
    /// <param name="term">The term in which it leads.</param>
    /// <param name="stopping">Cancelled when nobody waits any more.</param>
    public LeaderPatience(NodeClock clock, NodeBoard board, RaftConfig config, ServerId leader, ulong term, CancellationToken stopping)
    {
        _board = board;
        _leader = leader;
        _term = term;
        _limit = new TimeLimit(config.LeaderWaitTimeout, clock, stopping);
        TimeSpan pause = config.HeartbeatTimeout / 2;
        _look = clock.Provider.CreateTimer(static state => ((LeaderPatience)state!).Look(), this, pause, pause);
    }

    /// <summary>Cancelled when it is over.</summary>
    public CancellationToken Over => _limit.Over;

    /// <inheritdoc/>
    public void Dispose()
    {
        _look.Dispose();
        _limit.Dispose();
    }

    private void Look()
    {
        if (_wasOvertaken)
        {
            _limit.End();
        }

        // Led again in a newer term, it is still the one to ask.
        _wasOvertaken |= _board.Term > _term
            && (_board.State == RaftState.Leader || (_board.Leader is { IsKnown: true } other && other.Id != _leader));
    }
}
