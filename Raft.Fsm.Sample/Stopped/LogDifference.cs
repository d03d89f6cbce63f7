namespace Raft.Fsm.Sample.Stopped;

/// <summary>The first entry in which two logs disagree.</summary>
/// <param name="Index">The entry.</param>
/// <param name="Term">Its term in the one.</param>
/// <param name="OtherTerm">Its term in the other; the same where other bytes are the difference.</param>
internal sealed record LogDifference(ulong Index, ulong Term, ulong OtherTerm)
{
    private const int BatchBytesMax = 1 << 20;

    /// <summary>Compares all entries that both logs hold.</summary>
    /// <returns>The first that differs; null where none does.</returns>
    /// <exception cref="StoreException">An entry cannot be read.</exception>
    public static async Task<LogDifference?> FindAsync(ILogStore one, ILogStore two)
    {
        ulong last = Math.Min(one.LastIndex, two.LastIndex);
        for (ulong next = Math.Max(one.FirstIndex, two.FirstIndex); next != 0 && next <= last;)
        {
            LogBatch batch = await one.ReadAsync(next, last, BatchBytesMax);
            LogBatch other = await two.ReadAsync(next, batch.LastIndex, BatchBytesMax);

            // The stores may end their reads at different entries.
            for (int i = 0; i < other.Count; i++)
            {
                if (batch.TermAt(i) != other.TermAt(i) || !batch.EncodedAt(i).Span.SequenceEqual(other.EncodedAt(i).Span))
                {
                    return new LogDifference(next + (ulong)i, batch.TermAt(i), other.TermAt(i));
                }
            }

            next = other.LastIndex + 1;
        }

        return null;
    }
}
