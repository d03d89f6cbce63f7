using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>What every <see cref="ILogStore"/> is held to. Derive a fixture from it that makes the store.</summary>
public abstract class LogStoreContract
{
    /// <summary>Makes an empty store.</summary>
    /// <returns>The store.</returns>
    protected abstract ValueTask<ILogStore> CreateAsync();

    /// <summary>Closes a store, or lets its process crash, and opens it again. One that forgets returns what it is given.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The store as it is after a restart.</returns>
    protected virtual ValueTask<ILogStore> ReopenAsync(ILogStore store) => new(store);

    /// <summary>An empty log says so.</summary>
    [Test]
    public async Task An_empty_log_has_neither_a_first_nor_a_last_index()
    {
        ILogStore store = await ReopenAsync(await CreateAsync());

        Assert.That((store.FirstIndex, store.LastIndex), Is.EqualTo((0UL, 0UL)));
    }

    /// <summary>Entries keep every byte.</summary>
    [Test]
    public async Task What_was_appended_is_read_back_byte_for_byte()
    {
        ILogStore store = await CreateAsync();
        LogBatch written = TestEntries.Batch(firstIndex: 1, count: 20, term: 3, bytes: 50);
        await store.AppendAsync(TestEntries.Append(written));

        store = await ReopenAsync(store);
        LogBatch read = await store.ReadAsync(1, 20, int.MaxValue);

        Assert.That(read.Encoded.ToArray(), Is.EqualTo(written.Encoded.ToArray()));
        Assert.That((read.FirstIndex, read.Count), Is.EqualTo((1UL, 20)));
    }

    /// <summary>After a snapshot a log begins anywhere.</summary>
    [Test]
    public async Task An_empty_log_takes_any_first_index()
    {
        ILogStore store = await CreateAsync();

        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1001, count: 2, term: 3)));
        store = await ReopenAsync(store);

        Assert.That((store.FirstIndex, store.LastIndex), Is.EqualTo((1001UL, 1002UL)));
    }

    /// <summary>Parts of batches are written without their rest.</summary>
    [Test]
    public async Task One_append_may_take_parts_of_several_batches()
    {
        ILogStore store = await CreateAsync();
        LogSlice head = new LogSlice(TestEntries.Batch(firstIndex: 1, count: 5, term: 1)).Before(4);
        LogSlice tail = new LogSlice(TestEntries.Batch(firstIndex: 2, count: 5, term: 2)).From(4);

        await store.AppendAsync(new LogAppend([head, tail], CurrentTerm: 2, CommitIndex: 0));
        store = await ReopenAsync(store);

        Assert.That(await TestEntries.AllAsync(store), Is.EqualTo(new[]
        {
            "entry 1 of term 1", "entry 2 of term 1", "entry 3 of term 1", "entry 4 of term 2", "entry 5 of term 2",
            "entry 6 of term 2",
        }));
    }

    /// <summary>The byte limit is a limit, except for the first entry.</summary>
    [Test]
    public async Task A_read_stops_before_its_byte_limit_but_gives_at_least_one_entry()
    {
        ILogStore store = await CreateAsync();
        LogBatch written = TestEntries.Batch(firstIndex: 1, count: 100, term: 1, bytes: 200);
        await store.AppendAsync(TestEntries.Append(written));
        int entryBytes = written.EncodedAt(50).Length;

        LogBatch one = await store.ReadAsync(40, 100, bytesMax: 1);
        LogBatch three = await store.ReadAsync(40, 100, bytesMax: (4 * entryBytes) - 1);

        Assert.That((one.FirstIndex, one.Count), Is.EqualTo((40UL, 1)));
        Assert.That((three.FirstIndex, three.Count), Is.EqualTo((40UL, 3)));
    }

    /// <summary>A read gives what there is.</summary>
    [Test]
    public async Task A_read_through_more_than_there_is_ends_at_the_last_entry()
    {
        ILogStore store = await CreateAsync();
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 5, term: 1)));

        LogBatch read = await store.ReadAsync(4, ulong.MaxValue, int.MaxValue);

        Assert.That((read.FirstIndex, read.LastIndex), Is.EqualTo((4UL, 5UL)));
    }

    /// <summary>What is not held is not made up.</summary>
    [Test]
    public async Task An_entry_that_is_not_held_is_not_found()
    {
        ILogStore store = await CreateAsync();
        Assert.That(async () => await store.ReadAsync(1, 1, 100), Throws.TypeOf<LogNotFoundException>());

        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 10, count: 5, term: 1)));

        Assert.That(async () => await store.ReadAsync(9, 12, 100), Throws.TypeOf<LogNotFoundException>());
        Assert.That(async () => await store.ReadAsync(15, 15, 100), Throws.TypeOf<LogNotFoundException>());
    }

    /// <summary>A follower replaces what a leader of a later term contradicts.</summary>
    [Test]
    public async Task Truncated_entries_stay_away_and_others_take_their_place()
    {
        ILogStore store = await CreateAsync();
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 6, term: 1)));

        await store.TruncateSuffixAsync(3);
        store = await ReopenAsync(store);
        Assert.That(store.LastIndex, Is.EqualTo(2));
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 3, count: 2, term: 2)));
        store = await ReopenAsync(store);

        Assert.That(await TestEntries.AllAsync(store), Is.EqualTo(new[]
        {
            "entry 1 of term 1", "entry 2 of term 1", "entry 3 of term 2", "entry 4 of term 2",
        }));
    }

    /// <summary>Installing a snapshot drops the log and begins behind it.</summary>
    [Test]
    public async Task A_log_truncated_from_its_first_entry_is_empty_and_begins_anew_anywhere()
    {
        ILogStore store = await CreateAsync();
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 5, count: 6, term: 1)));

        await store.TruncateSuffixAsync(store.FirstIndex);
        store = await ReopenAsync(store);
        Assert.That((store.FirstIndex, store.LastIndex), Is.EqualTo((0UL, 0UL)));
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 77, count: 1, term: 2)));
        store = await ReopenAsync(store);

        Assert.That(await TestEntries.AllAsync(store), Is.EqualTo(new[] { "entry 77 of term 2" }));
    }

    /// <summary>Compaction may keep entries, but loses none that must stay.</summary>
    [Test]
    public async Task Dropping_the_front_leaves_no_gap_and_keeps_all_that_follows()
    {
        ILogStore store = await CreateAsync();
        for (ulong first = 1; first < 100; first += 10)
        {
            await store.AppendAsync(TestEntries.Append(TestEntries.Batch(first, count: 10, term: 1, bytes: 300)));
        }

        await store.TruncatePrefixAsync(50);
        store = await ReopenAsync(store);

        Assert.That(store.FirstIndex, Is.InRange(1, 51));
        Assert.That(store.LastIndex, Is.EqualTo(100));
        Assert.That((await TestEntries.AllAsync(store))[^50], Is.EqualTo("entry 51 of term 1"));
    }

    /// <summary>Compaction through the last entry leaves a log that goes on behind it.</summary>
    [Test]
    public async Task A_log_whose_entries_may_all_go_takes_the_next_one()
    {
        ILogStore store = await CreateAsync();
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 6, term: 1)));

        await store.TruncatePrefixAsync(6);
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 7, count: 1, term: 1)));
        store = await ReopenAsync(store);

        Assert.That((await TestEntries.AllAsync(store))[^1], Is.EqualTo("entry 7 of term 1"));
        Assert.That(store.LastIndex, Is.EqualTo(7));
    }

    /// <summary>An entry larger than anything else goes in and comes out.</summary>
    [Test]
    public async Task A_large_entry_is_kept_among_small_ones()
    {
        ILogStore store = await CreateAsync();
        LogBatch large = TestEntries.Batch(firstIndex: 2, count: 1, term: 1, bytes: 3_000_000);
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 1, term: 1)));
        await store.AppendAsync(TestEntries.Append(large));
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 3, count: 1, term: 1)));

        store = await ReopenAsync(store);
        LogBatch read = await store.ReadAsync(1, 3, int.MaxValue);

        Assert.That(read.Count, Is.EqualTo(3));
        Assert.That(read.EncodedAt(1).Span.SequenceEqual(large.Encoded.Span), Is.True);
    }

    /// <summary>The replicators read while the writer writes.</summary>
    [Test]
    public async Task Reads_beside_appends_see_whole_entries_only()
    {
        ILogStore store = await CreateAsync();
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 1, term: 1)));
        bool isDone = false;

        async Task ReadOnAsync()
        {
            while (!Volatile.Read(ref isDone))
            {
                ulong last = store.LastIndex;
                LogBatch read = await store.ReadAsync(last > 20 ? last - 20 : 1, last, int.MaxValue);
                Assert.That(TestEntries.Text(read[read.Count - 1]), Is.EqualTo($"entry {last} of term 1"));
                await Task.Yield();
            }
        }

        Task reader = ReadOnAsync();
        for (ulong first = 2; first < 300; first += 3)
        {
            await store.AppendAsync(TestEntries.Append(TestEntries.Batch(first, count: 3, term: 1, bytes: 100)));
        }

        Volatile.Write(ref isDone, true);
        await reader;
        Assert.That(store.LastIndex, Is.EqualTo(301));
    }

    /// <summary>Whatever is done to a store, it holds what a plain list would.</summary>
    /// <param name="seed">Makes the run repeatable.</param>
    [Test]
    public async Task Any_sequence_of_operations_leaves_what_a_plain_list_would_hold([Range(1, 10)] int seed)
    {
        var random = new Random(seed);
        var model = new LogModel();
        ILogStore store = await CreateAsync();
        for (int step = 0; step < 120; step++)
        {
            store = await StepAsync(store, model, random);

            Assert.That(store.LastIndex, Is.EqualTo(model.LastIndex), $"seed {seed}, step {step}");
            List<string> held = await TestEntries.AllAsync(store, bytesMax: random.Next(1, 5000));
            Assert.That(held.TakeLast(model.Count), Is.EqualTo(model.Entries), $"seed {seed}, step {step}");
        }
    }

    private async Task<ILogStore> StepAsync(ILogStore store, LogModel model, Random random)
    {
        int choice = random.Next(20);
        if (choice < 12)
        {
            ulong first = model.Count == 0 ? (ulong)random.Next(1, 1000) : model.LastIndex + 1;
            int bytes = random.Next(10) == 0 ? random.Next(20_000) : random.Next(200);
            LogBatch batch = TestEntries.Batch(first, random.Next(1, 12), model.NextTerm(random), bytes);
            await store.AppendAsync(TestEntries.Append(batch));
            model.Append(batch);
        }
        else if (choice < 15 && model.Count > 1)
        {
            // Not below the model's first: the store may have kept entries before it.
            ulong from = model.LastIndex + 1 - (ulong)random.Next(1, Math.Min(model.Count, 30));
            await store.TruncateSuffixAsync(from);
            model.TruncateSuffix(from);
        }
        else if (choice < 17 && model.Count > 0)
        {
            ulong through = model.LastIndex - (ulong)random.Next(model.Count);
            await store.TruncatePrefixAsync(through);
            model.TruncatePrefix(through);
            if (store.LastIndex == 0)
            {
                model.TruncatePrefix(model.LastIndex);
            }
        }
        else if (choice == 17 && model.Count > 0 && random.Next(3) == 0)
        {
            await store.TruncateSuffixAsync(store.FirstIndex);
            model.TruncateSuffix(0);
        }
        else
        {
            store = await ReopenAsync(store);
        }

        return store;
    }
}
