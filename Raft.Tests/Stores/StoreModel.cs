using Raft.Testing.Contracts;

namespace Raft.Tests.Stores;

/// <summary>What a store must hold, and what it may hold beside while a write is not acknowledged.</summary>
internal sealed class StoreModel
{
    // By index, as text; also what was dropped from the front, which a store may keep.
    private readonly SortedDictionary<ulong, string> _entries = [];

    /// <summary>Below it entries may be gone.</summary>
    public ulong First { get; private set; } = 1;

    /// <summary>The last entry that must be there, or 0 while the log is empty.</summary>
    public ulong Last { get; private set; }

    /// <summary>The term of the last entries; it never falls.</summary>
    public ulong Term { get; set; } = 1;

    /// <summary>The term and vote that must be there.</summary>
    public TermAndVote? Record { get; set; }

    /// <summary>The value that must be there.</summary>
    public byte[]? Value { get; set; }

    /// <summary>The write under way, of which all or nothing may be there; null while there is none.</summary>
    public PendingWrite? Pending { get; set; }

    /// <summary>Whether there are entries.</summary>
    public bool IsEmpty => Last == 0;

    /// <summary>Entries were appended.</summary>
    public void Append(LogBatch batch)
    {
        if (IsEmpty)
        {
            First = batch.FirstIndex;
            if (_entries.Keys.LastOrDefault() + 1 != First)
            {
                _entries.Clear();
            }
        }

        for (int i = 0; i < batch.Count; i++)
        {
            _entries[batch.FirstIndex + (ulong)i] = TestEntries.Text(batch[i]);
        }

        Last = batch.LastIndex;
    }

    /// <summary>Entries were dropped from an index on.</summary>
    public void TruncateSuffix(ulong fromIndex)
    {
        foreach (ulong index in _entries.Keys.Where(index => index >= fromIndex).ToArray())
        {
            _entries.Remove(index);
        }

        Last = _entries.Count == 0 || fromIndex <= First ? 0 : fromIndex - 1;
    }

    /// <summary>Entries through an index may be gone.</summary>
    public void TruncatePrefix(ulong throughIndex)
    {
        First = Math.Max(First, throughIndex + 1);
        if (First > Last)
        {
            Last = 0;
        }
    }

    /// <summary>Takes over what a store holds after a crash, if it is what it may hold.</summary>
    /// <param name="store">The store.</param>
    /// <param name="context">For messages.</param>
    /// <returns>Whether what was pending is there; null where nothing was.</returns>
    public async Task<bool?> ReconcileAsync(OpenedStore store, string context)
    {
        bool? isThere = null;
        List<string> held = await TestEntries.AllAsync(store.Log);
        Dictionary<ulong, string> found = held.Select((text, i) => (Index: store.Log.FirstIndex + (ulong)i, text))
            .ToDictionary(entry => entry.Index, entry => entry.text);
        ulong last = store.Log.LastIndex;
        switch (Pending)
        {
            case { Batch: { } batch }:
                isThere = last == batch.LastIndex;
                Assert.That(last, Is.EqualTo(isThere.Value ? batch.LastIndex : LastHeld(last)), $"all of an append or nothing: {context}");
                if (isThere.Value)
                {
                    Append(batch);
                }

                break;
            case { SuffixFrom: > 0 } cut:
                // A long one is several transactions, from the end.
                Assert.That(last, Is.InRange(cut.SuffixFrom <= First ? 0 : cut.SuffixFrom - 1, Last), context);
                isThere = last < Last;
                TruncateSuffix(last + 1);
                break;
            case { PrefixThrough: > 0 } cut:
                isThere = store.Log.FirstIndex > First || last == 0;
                if (isThere.Value)
                {
                    TruncatePrefix(cut.PrefixThrough);
                }

                break;
        }

        if (Pending is { Record: { } record } && record == await store.Stable.LoadAsync())
        {
            (Record, isThere) = (record, true);
        }

        byte[]? value = await store.Stable.GetAsync("key"u8.ToArray());
        if (Pending is { Value: { } pending } && value is not null && pending.AsSpan().SequenceEqual(value))
        {
            (Value, isThere) = (pending, true);
        }

        Pending = null;
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(Record), $"term and vote: {context}");
        Assert.That(value, Is.EqualTo(Value), $"the value: {context}");
        Assert.That(last, Is.EqualTo(LastHeld(last)), $"the last entry: {context}");
        for (ulong index = First; index <= Last && Last != 0; index++)
        {
            Assert.That(found.GetValueOrDefault(index), Is.EqualTo(_entries[index]), $"entry {index}: {context}");
        }

        foreach ((ulong index, string text) in found)
        {
            Assert.That(text, Is.EqualTo(_entries.GetValueOrDefault(index)), $"entry {index} was written as this: {context}");
        }

        return isThere;
    }

    // Where all entries may be gone, a store may keep some of them, but then the last is among them.
    private ulong LastHeld(ulong last) => Last == 0 && last != 0 && last == _entries.Keys.LastOrDefault() ? last : Last;
}
