using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Runs;
using Raft.Stores.LiteDb.Writing;
using Raft.Testing.Contracts;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>How entries lie in documents.</summary>
[TestFixture]
public sealed class RunTests
{
    private readonly MemoryDocuments _documents = new();
    private StoreThread _thread = null!;
    private LiteDbLogStore _log = null!;
    private int _committed;

    [SetUp]
    public async Task OpenAsync()
    {
        _documents.Committing = null;
        foreach (ulong run in _documents.Runs.Keys)
        {
            _documents.Tamper(DocumentSet.Log, run, null);
        }

        await ReopenAsync();
        _committed = _documents.Commits;
    }

    [TearDown]
    public async Task CloseAsync() => await _thread.StopAsync();

    [Test]
    public async Task Single_entries_share_one_document_until_it_is_a_page_long()
    {
        for (ulong index = 1; index <= 100; index++)
        {
            await AppendAsync(index, count: 1, bytes: 128);
        }

        Assert.That(_documents.Runs, Has.Count.InRange(2, 5));
        Assert.That(_documents.Runs.Values.Select(run => run.Length), Is.All.LessThanOrEqualTo(RunWriter.OpenRunBytesMax));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(100));
    }

    [Test]
    public async Task An_opened_store_goes_on_in_the_run_that_takes_more()
    {
        await AppendAsync(1, count: 1, bytes: 128);
        await ReopenAsync();
        await AppendAsync(2, count: 1, bytes: 128);

        Assert.That(_documents.Runs.Keys, Is.EqualTo(new[] { 1UL }));
        Assert.That(await TestEntries.AllAsync(_log), Is.EqualTo(new[] { "entry 1 of term 1", "entry 2 of term 1" }));
    }

    [Test]
    public async Task A_large_append_is_cut_into_documents_that_are_read_one_at_a_time()
    {
        await AppendAsync(1, count: 100, bytes: 10_000);

        Assert.That(_documents.Runs, Has.Count.EqualTo(4));
        Assert.That(_documents.Runs.Values.Select(run => run.Length), Is.All.LessThanOrEqualTo(RunWriter.RunBytesMax));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(100));
    }

    [Test]
    public async Task A_long_truncation_of_the_end_is_several_transactions()
    {
        await AppendManyAsync();
        int before = _documents.Commits;

        await _log.TruncateSuffixAsync(11);

        Assert.That(_documents.Commits - before, Is.EqualTo(2));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(10));
        await ReopenAsync();
        Assert.That(_log.LastIndex, Is.EqualTo(10));
    }

    [Test]
    public async Task Entries_at_the_front_that_may_go_do_so_bit_by_bit_behind_other_writes()
    {
        await AppendManyAsync();
        int before = _documents.Commits;
        await _log.TruncatePrefixAsync(55);
        await AppendAsync(61, count: 1, bytes: 10);

        await Eventually.HoldsAsync("all of them are gone", () => _log.FirstIndex == 56);

        Assert.That(_documents.Commits - before, Is.EqualTo(3));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(6));
    }

    [Test]
    public async Task What_is_appended_after_entries_were_let_go_stays()
    {
        await AppendManyAsync();
        await _log.TruncatePrefixAsync(ulong.MaxValue);
        await AppendAsync(_log.LastIndex == 0 ? 5 : _log.LastIndex + 1, count: 1, bytes: 10);
        ulong appended = _log.LastIndex;
        await _log.TruncateSuffixAsync(_log.FirstIndex);
        await AppendAsync(3, count: 2, bytes: 10);
        await ReopenAsync();

        Assert.That(appended, Is.EqualTo(61).Or.EqualTo(5));
        Assert.That(await TestEntries.AllAsync(_log), Is.EqualTo(new[] { "entry 3 of term 1", "entry 4 of term 1" }));
    }

    [Test]
    public async Task A_long_append_is_several_transactions()
    {
        await AppendAsync(1, count: 5, bytes: 7 << 20);

        Assert.That(_documents.Commits, Is.EqualTo(_committed + 2));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(5));
    }

    [Test]
    public async Task An_entry_that_no_document_takes_is_refused_and_the_store_goes_on()
    {
        await AppendAsync(1, count: 1, bytes: 10);

        Assert.That(
            async () => await AppendAsync(2, count: 1, bytes: RunWriter.EntryBytesMax),
            Throws.TypeOf<StoreException>().With.Message.Contains("at most"));
        await AppendAsync(2, count: 1, bytes: 10);

        Assert.That(_log.LastIndex, Is.EqualTo(2));
    }

    [Test]
    public async Task What_is_known_of_commits_outlives_the_entries_that_it_was_written_with([Values] bool isSuffix)
    {
        LogBatch batch = TestEntries.Batch(firstIndex: 1, count: 10, term: 1);
        await _log.AppendAsync(new LogAppend([new LogSlice(batch)], CurrentTerm: 1, CommitIndex: 7));
        if (isSuffix)
        {
            await _log.TruncateSuffixAsync(1);
        }
        else
        {
            await _log.TruncatePrefixAsync(10);
        }

        await ReopenAsync();

        Assert.That((_log.LastIndex, _log.KnownCommitIndex), Is.EqualTo((0UL, 7UL)));
    }

    [Test]
    public async Task No_bit_of_a_run_can_change_unseen()
    {
        await AppendAsync(1, count: 3, bytes: 40);
        byte[] written = _documents.Content(DocumentSet.Log, 1);
        List<string> entries = await TestEntries.AllAsync(_log);
        for (int at = 0; at < written.Length * 8; at++)
        {
            byte[] changed = written.AsSpan().ToArray();
            changed[at / 8] ^= (byte)(1 << (at % 8));
            try
            {
                LogBatch read = RunEncoding.Decode(changed, firstIndex: 1, out _);

                // The zeros that fill a record up are in no checksum.
                Assert.That(read.Encoded.ToArray(), Is.EqualTo(RunEncoding.Decode(written, 1, out _).Encoded.ToArray()), $"bit {at}");
            }
            catch (FormatException)
            {
                // Seen.
            }
        }

        Assert.That(entries, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_run_that_is_missing_or_in_another_place_is_damage()
    {
        await AppendAsync(1, count: 10, bytes: 1000);
        await AppendAsync(11, count: 10, bytes: 1000);
        await AppendAsync(21, count: 10, bytes: 1000);
        byte[] first = _documents.Content(DocumentSet.Log, 1);

        _documents.Tamper(DocumentSet.Log, 11, content: null);
        await ReopenAsync();
        Assert.That(async () => await TestEntries.AllAsync(_log), Throws.TypeOf<CorruptStoreException>().With.Message.Contains("begins with 1"));

        _documents.Tamper(DocumentSet.Log, 11, first);
        await ReopenAsync();
        Assert.That(async () => await _log.ReadAsync(11, 11, 1), Throws.TypeOf<CorruptStoreException>().With.Message.Contains("begins with 11"));
    }

    // 60 runs of 200 KiB: one transaction deletes 8 MiB.
    private async Task AppendManyAsync()
    {
        for (ulong index = 1; index <= 60; index++)
        {
            await AppendAsync(index, count: 1, bytes: 200 << 10);
        }
    }

    private async Task AppendAsync(ulong first, int count, int bytes) =>
        await _log.AppendAsync(TestEntries.Append(TestEntries.Batch(first, count, term: 1, bytes)));

    private async Task ReopenAsync()
    {
        if (_thread is not null)
        {
            await _thread.StopAsync();
        }

        _thread = _documents.Start();
        await _thread.Opened;
        _log = new LiteDbLogStore(_thread);
    }
}
