using Raft.Fsm.Sample.Admin;

namespace Raft.Fsm.Sample.Repair;

/// <summary>Finds out whether a server is down, by what its leader hears of it. Used by one task.</summary>
/// <param name="id">The server.</param>
/// <param name="silence">After how long without an answer it counts as down.</param>
internal sealed class SilenceWatch(string id, TimeSpan silence)
{
    private ClusterView? _before;
    private long _since;

    /// <summary>Takes one more look in.</summary>
    /// <returns>Whether the server has not answered one and the same leader for so long that it is down, or is no member.</returns>
    /// <exception cref="AdminException">It answers its leader: it runs.</exception>
    public bool IsDown(ClusterView now)
    {
        if (now.Find(id) is not { } member)
        {
            return true;
        }

        ClusterView? last = _before;
        _before = now;
        MemberView? before = last?.Leader == now.Leader ? last.Find(id) : null;

        // A leader that is elected again has heard from nobody yet.
        if (before is null || (before.LastContact is not null && member.LastContact is null))
        {
            _since = TimeProvider.System.GetTimestamp();
        }
        else if (RemovalRules.HasAnswered(before, member))
        {
            throw new AdminException($"{id} answers its leader {now.Leader}, so it runs, here or elsewhere: stop it first. Nothing was changed");
        }

        return (member.LastContact ?? TimeProvider.System.GetElapsedTime(_since)) >= silence;
    }
}
