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
    private bool _isOpen;
    private ulong _lastIndex;

    /// <summary>Whether entries of a restore of this leadership are still to come, or to be committed.</summary>
    public bool IsUnderWay => _isOpen || context.State.CommitIndex < _lastIndex;

    /// <summary>Answers, among what is to be appended, restores that must not begin.</summary>
    /// <param name="taken">What is to be appended; those are taken out.</param>
    public void Refuse(List<ApplyFuture> taken)
    {
        for (int i = taken.Count - 1; i >= 0; i--)
        {
            if (Begins(taken[i]) && peers.Members.FirstOrDefault(static p => !p.IsOurs) is { } foreigner)
            {
                context.Completions.Add(taken[i].Fail(new UnsupportedProtocolException(
                    $"{foreigner.Server} has not answered yet, or is a Go server, which would keep the old state. Nothing was "
                    + "changed: try again when it answers, or remove it first.")));
                taken.RemoveAt(i);
            }
        }
    }

    /// <summary>An entry has its place.</summary>
    public void Note(ApplyFuture entry)
    {
        if (RestoreEntry.TryRead(entry.Type, entry.Extensions.Span, out RestoreEntry restore))
        {
            _isOpen = restore.Kind is RestoreEntryKind.Begin or RestoreEntryKind.Piece;
            _lastIndex = entry.Index;
        }
    }

    private static bool Begins(ApplyFuture entry) =>
        RestoreEntry.TryRead(entry.Type, entry.Extensions.Span, out RestoreEntry restore) && restore.Kind == RestoreEntryKind.Begin;
}
