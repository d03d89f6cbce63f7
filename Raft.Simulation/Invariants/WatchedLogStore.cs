
namespace Raft.Simulation.Invariants;

/// <summary>A log store that tells a <see cref="StoreModel"/> what is durable, before its node hears of it.</summary>
/// <param name="inner">The real store.</param>
/// <param name="server">Whose it is.</param>
/// <param name="ledger">What is told.</param>
/// <param name="coverage">What happened.</param>
internal sealed class WatchedLogStore(ILogStore inner, int server, ClusterLedger ledger, Coverage coverage) : ILogStore, ICommitHint
{
    private readonly StoreModel _model = ledger.Stores[server];

    /// <summary>Called before a truncation (false) and after it (true); null for nobody.</summary>
    public Action<bool>? OnTruncation { get; init; }

    /// <summary>Called when the whole log is to go; null for nobody.</summary>
    public Action? OnDrop { get; set; }

    public ulong FirstIndex => inner.FirstIndex;

    public ulong LastIndex => inner.LastIndex;

    public ulong KnownCommitIndex
    {
        get
        {
            ulong known = ((ICommitHint)inner).KnownCommitIndex;
            if (known > ledger.CommitIndex)
            {
                ledger.Violated(
                    Rule.StateMachineSafety,
                    $"the log of {ClusterLedger.NameOf(server)} says that {known} was committed; {ledger.CommitIndex} is");
            }

            if (known > _model.Snapshots.Index)
            {
                coverage.Hit(Happening.CommitKnownAtStart);
            }

            return known;
        }
    }

    public async ValueTask AppendAsync(LogAppend append)
    {
        ulong first = append.FirstIndex;
        foreach (LogSlice slice in append.Slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                if (slice.Batch.TypeAt(slice.Start + i) == LogType.Configuration)
                {
                    ledger.Configurations.Note(
                        slice[i].Index, slice[i].Term, ConfigurationEncoding.Decode(slice[i].Data.Span));
                }
            }
        }

        _model.BeginAppend(append);
        await inner.AppendAsync(append);
        _model.EndAppend(first);
    }

    public async ValueTask TruncateSuffixAsync(ulong fromIndex)
    {
        bool isWhole = fromIndex <= inner.FirstIndex;
        if (isWhole)
        {
            OnDrop?.Invoke();
        }

        _model.BeginTruncate(fromIndex, isWhole);
        OnTruncation?.Invoke(false);
        await inner.TruncateSuffixAsync(fromIndex);
        _model.EndTruncate();
        OnTruncation?.Invoke(true);
    }

    public ValueTask TruncatePrefixAsync(ulong throughIndex)
    {
        if (throughIndex > _model.Snapshots.Index)
        {
            ledger.Violated(
                Rule.Gap,
                $"{ClusterLedger.NameOf(server)} lets go of its log up to {throughIndex}; its newest snapshot on disk ends at "
                + $"{_model.Snapshots.Index}");
        }

        _model.Compact(throughIndex);
        return inner.TruncatePrefixAsync(throughIndex);
    }

    public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        coverage.Hit(Happening.StoreRead);
        return inner.ReadAsync(fromIndex, throughIndex, bytesMax);
    }
}
