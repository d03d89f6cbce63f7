using Raft.Observability;
using Raft.Timing;

namespace Raft.Core;

/// <summary>
/// Answers heartbeats on the transport's own tasks, so that they never wait behind entries or a busy loop. It may do so
/// only where nothing has to be decided: the term is the current, durable one and the sender its known leader. All it
/// changes is the time of last contact (W1 in docs/divergence.md).
/// </summary>
/// <remarks>The loop opens it and closes it; term and leader are one immutable object.</remarks>
internal sealed class HeartbeatGate(
    NodeClock clock, NodeBoard board, RpcHeader header, LiveConfig settings, LeasePromise promise, TimeMeter meter)
{
    private volatile Pass? _pass;
    private long _lastContactTicks = -1;

    /// <summary>When the current leader was last heard; null for never. Any task may read it.</summary>
    public TimeSpan? LastContact
    {
        get
        {
            long ticks = Volatile.Read(ref _lastContactTicks);
            return ticks < 0 ? null : TimeSpan.FromTicks(ticks);
        }
    }

    /// <summary>Whether the leader has not been heard for as long as the shortest time after which anybody campaigns.</summary>
    public bool IsSilent => LastContact is not { } contact || clock.Now - contact >= settings.Current.HeartbeatTimeout;

    /// <summary>Lets heartbeats of this leader pass. The term is durable.</summary>
    public void Open(ulong term, LeaderView leader)
    {
        if (_pass is not { } pass || pass.Term != term || pass.Leader != leader)
        {
            _pass = new Pass(term, leader);
        }
    }

    /// <summary>Sends all heartbeats to the loop.</summary>
    public void Close() => promise.Hold(() => _pass = null);

    /// <summary>
    /// Sends all heartbeats to the loop, so that no promise is given from now on, and says which is in force: the term of the leader that
    /// it was given to, 0 where that was forgotten in a restart, null for none.
    /// </summary>
    public ulong? CloseOnPromise()
    {
        Close();
        return promise.TermAt(clock.Now);
    }

    /// <summary>What this server has promised.</summary>
    public LeasePromise Promise => promise;

    /// <summary>The promise that a leader is given who asks for one, once that is durable.</summary>
    public TimeSpan PromiseFor(TimeSpan lease) => lease < settings.Current.HeartbeatTimeout ? lease : settings.Current.HeartbeatTimeout;

    /// <summary>Notes that the leader, or a candidate that was given the vote, was heard now.</summary>
    public void Touch() => Volatile.Write(ref _lastContactTicks, clock.Now.Ticks);

    /// <summary>Answers a heartbeat where nothing has to be decided.</summary>
    /// <returns>The answer, or null where the loop must decide.</returns>
    public AppendEntriesResponse? TryAnswer(AppendEntriesRequest request)
    {
        TimeSpan? began = meter.Begin();
        if (_pass is not { } pass || request.Term != pass.Term || !request.IsHeartbeat
            || !IsFrom(pass.Leader, request) || !RaftConfig.IsSpoken(request.Header.ProtocolVersion))
        {
            return null;
        }

        TimeSpan given = PromiseFor(request.Lease);
        if (given > TimeSpan.Zero && !promise.TryGive(pass.Term, given, clock.Now, () => _pass == pass))
        {
            return null;
        }

        Touch();
        var answer = new AppendEntriesResponse(header)
        {
            Term = pass.Term,
            LastLog = board.LastIndex,
            Success = true,
            Promise = given,
        };
        meter.End(began);
        return answer;
    }

    // Go before 1.3.7 gives its address, and no name.
    private static bool IsFrom(LeaderView leader, AppendEntriesRequest request) => request.Header.Id.IsEmpty
        ? leader.Address == request.Leader && !request.Leader.IsEmpty
        : leader.Id == request.Header.Id;

    private sealed record Pass(ulong Term, LeaderView Leader);
}
