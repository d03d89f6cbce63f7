namespace Raft.Fsm;

/// <summary>
/// Follows the restores in the log as their entries are passed. While one is open no snapshot is taken: its pieces must
/// stay in the log until its end, on this server and on those that a snapshot would be sent to. Owned by the state
/// machine's task.
/// </summary>
internal sealed class RestoreTracker(ILogStore log)
{
    private const int ReadBytes = 1 << 20;

    private ulong _beginIndex;
    private ulong _term;
    private long _bytes;

    /// <summary>Whether a restore has begun and not ended. Another leader's entries end it: only one's own go on with it.</summary>
    public bool IsOpen => _beginIndex != 0;

    /// <summary>Whether an entry is the last of a restore, whether or not that is whole.</summary>
    public static bool IsEnd(LogEntry entry) =>
        RestoreEntry.TryRead(entry, out RestoreEntry restore) && restore.Kind == RestoreEntryKind.End;

    /// <summary>Takes notice of an entry that is passed.</summary>
    /// <returns>The new state, where this entry puts it in force; null for all others.</returns>
    public RestorePieces? Pass(LogEntry entry)
    {
        if (IsOpen && entry.Term != _term)
        {
            Close();
        }

        if (!RestoreEntry.TryRead(entry, out RestoreEntry restore))
        {
            return null;
        }

        if (restore.Kind == RestoreEntryKind.Begin)
        {
            (_beginIndex, _term, _bytes) = (entry.Index, entry.Term, 0);
            return null;
        }

        if (!IsOpen || restore.BeginIndex != _beginIndex)
        {
            return null;
        }

        if (restore.Kind == RestoreEntryKind.Piece)
        {
            _bytes += entry.Data.Length;
            return null;
        }

        ulong beginIndex = _beginIndex;
        bool isWhole = restore.Kind == RestoreEntryKind.End && restore.Size == _bytes;
        Close();
        return isWhole ? new RestorePieces(log, beginIndex, entry.Index) : null;
    }

    /// <summary>
    /// Takes notice of entries that the state machine has already, at a start: a restore that began among them and ends behind
    /// them needs its pieces.
    /// </summary>
    /// <param name="fromIndex">The first; behind a snapshot, within which no restore is open.</param>
    /// <param name="throughIndex">The last that it has.</param>
    public async ValueTask SkipAsync(ulong fromIndex, ulong throughIndex)
    {
        for (ulong next = fromIndex; next <= throughIndex;)
        {
            LogBatch batch = await log.ReadAsync(next, throughIndex, ReadBytes);
            for (int i = 0; i < batch.Count; i++)
            {
                if (batch.TypeAt(i) == LogType.Noop)
                {
                    Pass(batch[i]);
                }
            }

            next = batch.LastIndex + 1;
        }
    }

    /// <summary>Forgets what was open: a snapshot took the place of its entries.</summary>
    public void Close() => (_beginIndex, _term, _bytes) = (0, 0, 0);
}
