using Raft.Fsm;
using Raft.Replication;

namespace Raft.Roles;

/// <summary>
/// Keeps a user's restore and servers that would pass over it apart: none begins while a member is not known to be of this
/// library, and no server is added while one is under way. What stands in the log before a server is added is kept from it by
/// <see cref="WithheldRestore"/>; but an entry that such a server must not have could never be committed by a majority that
/// needs it. Owned by the leader role.
/// </summary>
internal sealed class RestoreGuard(RoleContext context, PeerSet peers)
{
    private ulong _beginIndex;
    private ulong _lastIndex;

    /// <summary>Whether entries of a restore of this leadership are still to come, or to be committed.</summary>
    public bool IsUnderWay => _beginIndex != 0 || context.State.CommitIndex < _lastIndex;

    /// <summary>
    /// Answers, among what is to be appended, restores that must not begin, and what belongs to none that is open: a newer one has
    /// taken its place, or it was begun in an earlier leadership, and servers may have come meanwhile.
    /// </summary>
    /// <param name="taken">What is to be appended; those are taken out.</param>
    public void Refuse(List<ApplyFuture> taken)
    {
        for (int i = taken.Count - 1; i >= 0; i--)
        {
            if (RestoreEntry.TryRead(taken[i].Type, taken[i].Extensions.Span, out RestoreEntry restore) && WhyNot(restore) is { } why)
            {
                context.Completions.Add(taken[i].Fail(why));
                taken.RemoveAt(i);
            }
        }
    }

    /// <summary>An entry has its place.</summary>
    public void Note(ApplyFuture entry)
    {
        if (RestoreEntry.TryRead(entry.Type, entry.Extensions.Span, out RestoreEntry restore))
        {
            _lastIndex = entry.Index;
            _beginIndex = restore.Kind switch
            {
                RestoreEntryKind.Begin => entry.Index,
                RestoreEntryKind.Piece => _beginIndex,
                _ => restore.BeginIndex == _beginIndex ? 0 : _beginIndex,
            };
        }
    }

    private RaftException? WhyNot(RestoreEntry restore)
    {
        if (restore.Kind != RestoreEntryKind.Begin)
        {
            return restore.BeginIndex == _beginIndex ? null : new RestoreOvertakenException(
                "Another restore was begun, or this server's leadership ended, before this one was whole. It did not take place: try again.");
        }

        // One that is only down acknowledges nothing, and what comes back under its name is asked again.
        Peer? foreigner = peers.Members.FirstOrDefault(p => !p.IsOurs && !context.Capabilities.IsKnown(p.Server.Id));
        return foreigner is null ? null : new UnsupportedProtocolException(
            $"{foreigner.Server} has not answered yet, or is a Go server, which would keep the old state. Nothing was changed: "
            + "try again when it answers, or remove it first.");
    }
}
