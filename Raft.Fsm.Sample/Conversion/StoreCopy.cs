using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Conversion;

/// <summary>Copies all that one store holds to another, and compares the two.</summary>
internal static class StoreCopy
{
    /// <summary>How much of a log is held in memory at once, in bytes; a single entry may be larger.</summary>
    private const int BatchBytesMax = 1 << 20;

    /// <summary>What a store holds.</summary>
    public static async Task<StoreContent> ContentAsync(OpenStore store) =>
        new(store.Log.FirstIndex, store.Log.LastIndex, await store.Stable.LoadAsync());

    /// <summary>Copies everything.</summary>
    /// <param name="source">The store that is read.</param>
    /// <param name="target">The store that is written; it is empty.</param>
    /// <param name="progress">Hears how far it is.</param>
    public static async Task CopyAsync(OpenStore source, OpenStore target, ConversionProgress progress)
    {
        // Term and vote before any entry of that term: a log that is ahead of its term is refused.
        TermAndVote? record = await source.Stable.LoadAsync();
        if (record is not null)
        {
            await target.Stable.SaveAsync(record);
        }

        foreach (byte[] key in await KeysAsync(source.Stable))
        {
            await target.Stable.SetAsync(key, await source.Stable.GetAsync(key) ?? []);
        }

        ulong last = source.Log.LastIndex;
        for (ulong next = source.Log.FirstIndex; next != 0 && next <= last;)
        {
            // A write may only name as committed what was durable before it. So the last entry goes alone: with it the
            // target hears of all that the source knew to be committed, but for that entry itself.
            LogBatch batch = await source.Log.ReadAsync(next, Math.Max(next, last - 1), BatchBytesMax);
            await target.Log.AppendAsync(new LogAppend(
                [new LogSlice(batch)], record?.Term ?? 0, Math.Min(KnownCommitIndex(source.Log), target.Log.LastIndex)));
            next = batch.LastIndex + 1;
            progress.Report("copied", batch.LastIndex, last);
        }
    }

    /// <summary>Refuses a copy that is not what it was made from.</summary>
    /// <exception cref="StoreException">They differ.</exception>
    public static async Task RequireEqualAsync(OpenStore source, OpenStore target, ConversionProgress progress)
    {
        StoreContent content = await ContentAsync(source);
        StoreContent copied = await ContentAsync(target);
        Require(content == copied, $"it holds {copied}, {copied.Record}, instead of {content}, {content.Record}");
        Require(
            KnownCommitIndex(target.Log) <= KnownCommitIndex(source.Log),
            "it knows more to be committed than what it was made from");
        await RequireEqualValuesAsync(source.Stable, target.Stable);
        for (ulong next = content.FirstIndex; next != 0 && next <= content.LastIndex;)
        {
            LogBatch batch = await source.Log.ReadAsync(next, content.LastIndex, BatchBytesMax);
            while (next <= batch.LastIndex)
            {
                // The stores may end their reads at different entries.
                LogBatch copy = await target.Log.ReadAsync(next, batch.LastIndex, BatchBytesMax);
                Require(
                    batch.EncodedRange((int)(next - batch.FirstIndex), copy.Count).Span.SequenceEqual(copy.Encoded.Span),
                    $"an entry between {next} and {copy.LastIndex} is another");
                next = copy.LastIndex + 1;
            }

            progress.Report("compared", batch.LastIndex, content.LastIndex);
        }
    }

    private static async Task RequireEqualValuesAsync(IStableStore source, IStableStore target)
    {
        IReadOnlyList<byte[]> keys = await KeysAsync(source);
        IReadOnlyList<byte[]> copied = await KeysAsync(target);
        Require(keys.Count == copied.Count, $"it holds {copied.Count} values instead of {keys.Count}");
        foreach (byte[] key in keys)
        {
            byte[]? value = await source.GetAsync(key);
            byte[]? copy = await target.GetAsync(key);
            Require(
                value is not null && copy is not null && value.AsSpan().SequenceEqual(copy),
                $"the value of the key {Convert.ToHexString(key)} is another");
        }
    }

    private static ValueTask<IReadOnlyList<byte[]>> KeysAsync(IStableStore store) => store is IStableKeys named
        ? named.ListKeysAsync()
        : throw new StoreException("the values beside the term and vote cannot be moved: their store does not name its keys");

    private static ulong KnownCommitIndex(ILogStore log) => log is ICommitHint hint ? hint.KnownCommitIndex : 0;

    private static void Require(bool equal, string difference)
    {
        if (!equal)
        {
            throw new CorruptStoreException($"the copy is not what was copied: {difference}.");
        }
    }
}
