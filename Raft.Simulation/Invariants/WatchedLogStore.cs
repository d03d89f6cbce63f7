namespace Raft.Simulation.Invariants;

/// <summary>A log store that tells a <see cref="StoreModel"/> what is durable, before its node hears of it.</summary>
/// <param name="inner">The real store.</param>
/// <param name="model">What is told.</param>
/// <param name="coverage">What happened.</param>
/// <param name="onTruncation">Called before a truncation (false) and after it (true); null for nobody.</param>
internal sealed class WatchedLogStore(ILogStore inner, StoreModel model, Coverage coverage, Action<bool>? onTruncation) : ILogStore
{
    public ulong FirstIndex => inner.FirstIndex;

    public ulong LastIndex => inner.LastIndex;

    public async ValueTask AppendAsync(LogAppend append)
    {
        ulong first = append.FirstIndex;
        model.BeginAppend(append);
        await inner.AppendAsync(append);
        model.EndAppend(first);
    }

    public async ValueTask TruncateSuffixAsync(ulong fromIndex)
    {
        model.BeginTruncate(fromIndex);
        onTruncation?.Invoke(false);
        await inner.TruncateSuffixAsync(fromIndex);
        model.EndTruncate();
        onTruncation?.Invoke(true);
    }

    public ValueTask TruncatePrefixAsync(ulong throughIndex) => inner.TruncatePrefixAsync(throughIndex);

    public ValueTask<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        coverage.Hit(Happening.StoreRead);
        return inner.ReadAsync(fromIndex, throughIndex, bytesMax);
    }
}
