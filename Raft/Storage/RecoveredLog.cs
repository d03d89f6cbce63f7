using Raft.Membership;

namespace Raft.Storage;

/// <summary>What a node finds in its stores when it starts.</summary>
/// <param name="Record">Its term and vote.</param>
/// <param name="Terms">The terms of its entries.</param>
/// <param name="Configurations">The configurations among them.</param>
internal sealed record RecoveredLog(TermAndVote Record, TermRuns Terms, ConfigurationTracker Configurations)
{
    private const int ReadBytes = 4 << 20;

    /// <summary>Reads the stores, and refuses to go on from what cannot have come about.</summary>
    /// <exception cref="StoreException">The log is newer than the term, or out of order: one of the two was lost.</exception>
    public static async ValueTask<RecoveredLog> ReadAsync(ILogStore log, IStableStore stable)
    {
        TermAndVote record = await stable.LoadAsync() ?? new TermAndVote(0);
        var terms = new TermRuns();
        var configurations = new ConfigurationTracker();
        ulong lastTerm = 0;
        for (ulong next = log.FirstIndex; next != 0 && next <= log.LastIndex;)
        {
            LogBatch batch = await log.ReadAsync(next, log.LastIndex, ReadBytes);
            for (int i = 0; i < batch.Count; i++)
            {
                ulong term = batch.TermAt(i);
                if (term != lastTerm)
                {
                    Refuse(term < lastTerm, $"entry {batch[i].Index} is of term {term}, the one before of term {lastTerm}");
                    terms.Append(batch[i].Index, term);
                    lastTerm = term;
                }

                if (batch.TypeAt(i) == LogType.Configuration)
                {
                    configurations.Append(batch[i].Index, ConfigurationEncoding.Decode(batch[i].Data.Span));
                }
            }

            next = batch.LastIndex + 1;
        }

        Refuse(
            lastTerm > record.Term,
            $"its last entry is of term {lastTerm}, but the term-and-vote record says {record.Term}");
        Refuse(log.FirstIndex > 1, $"it begins at entry {log.FirstIndex}, and there is no snapshot of what lies before");
        return new RecoveredLog(record, terms, configurations);
    }

    private static void Refuse(bool wrong, string why)
    {
        if (wrong)
        {
            throw new CorruptStoreException(
                $"The log cannot be used: {why}. Part of this server's data was lost or replaced. Nothing was changed; "
                + "restore the data directory, or remove this server from the cluster and add it again with an empty one.");
        }
    }
}
