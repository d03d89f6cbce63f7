using Raft.Stores.LiteDb;
using Raft.Stores.LiteDb.Documents;
using Raft.Stores.LiteDb.Runs;
using Raft.Stores.LiteDb.Writing;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>How entries lie in documents.</summary>
[TestFixture]
public sealed class RunTests
{
    private readonly MemoryDocuments _documents = new();
    private StoreThread _thread = null!;
    private LiteDbLogStore _log = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _documents.Committing = null;
        foreach (ulong run in _documents.Runs.Keys)
        {
            _documents.Tamper(DocumentSet.Log, run, null);
        }

        await ReopenAsync();
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
    public async Task A_long_truncation_is_several_transactions_each_of_which_leaves_a_whole_log()
    {
        for (ulong first = 1; first <= 1000; first += 10)
        {
            await AppendAsync(first, count: 10, bytes: 1000);
        }

        int before = _documents.Commits;
        await _log.TruncatePrefixAsync(400);
        int afterPrefix = _documents.Commits;
        await _log.TruncateSuffixAsync(501);

        Assert.That((afterPrefix - before, _documents.Commits - afterPrefix), Is.EqualTo((2, 2)));
        Assert.That(await TestEntries.AllAsync(_log), Has.Count.EqualTo(100));
        Assert.That((_log.FirstIndex, _log.LastIndex), Is.EqualTo((401UL, 500UL)));
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
