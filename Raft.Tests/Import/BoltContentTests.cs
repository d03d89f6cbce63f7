using System.Text;
using Raft.Stores.Bolt;
using Raft.Testing.Contracts;

namespace Raft.Tests.Import;

/// <summary>What stands in a whole file of Bolt is held to what a Go node leaves.</summary>
[TestFixture]
public sealed class BoltContentTests
{
    [Test]
    public async Task Entries_in_front_of_a_gap_are_left_out_and_the_gap_is_told()
    {
        byte[] file = BoltBuilder.Voted()
            .WithEntries(3, 11, term: 4).WithEntries(40, 2, term: 4).WithEntries(60, 20, term: 3).WithEntries(80, 1, term: 5).Build();

        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(file));

        Assert.That((store.Log.FirstIndex, store.Log.LastIndex), Is.EqualTo((60, 80)));
        Assert.That(store.Gap, Is.EqualTo(new LogGap(42, 59)));
        List<string> entries = await TestEntries.AllAsync(store.Log, bytesMax: 700);
        Assert.That((entries.Count, entries[0], entries[^1]), Is.EqualTo((21, "entry 60 of term 3", "entry 80 of term 5")));
        Assert.That(async () => await store.Log.ReadAsync(41, 41, 1), Throws.TypeOf<LogNotFoundException>());
    }

    [Test]
    public async Task Without_a_free_list_on_disk_pages_without_a_use_are_taken_for_free()
    {
        byte[] file = new BoltBuilder { IsFreelistOnDisk = false }.With("CurrentTerm", 5).WithEntries(1, 20, term: 5).Build();

        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(file));

        Assert.That(store.IsFreelistOnDisk, Is.False);
        Assert.That(await TestEntries.AllAsync(store.Log), Has.Count.EqualTo(20));
    }

    [Test]
    public async Task A_node_that_never_did_anything_has_neither_term_nor_entries()
    {
        await using BoltStore blank = await BoltStore.OpenAsync(new MemorySource(new BoltBuilder().Build()));
        await using BoltStore started = await BoltStore.OpenAsync(
            new MemorySource(new BoltBuilder().With("CurrentTerm", 0).Build()));

        Assert.That((blank.Log.FirstIndex, blank.Log.LastIndex, await blank.Stable.LoadAsync()), Is.EqualTo((0, 0, (TermAndVote?)null)));
        Assert.That(await started.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(0)));
    }

    [Test]
    public async Task A_vote_of_an_earlier_term_is_over_and_one_without_a_candidate_was_never_given()
    {
        Assert.That(await RecordAsync(BoltBuilder.Voted().With("LastVoteTerm", 4)), Is.EqualTo(new TermAndVote(5)));
        Assert.That(await RecordAsync(BoltBuilder.Voted().Without("LastVoteCand")), Is.EqualTo(new TermAndVote(5)));
        Assert.That(await RecordAsync(BoltBuilder.Voted()), Is.EqualTo(new TermAndVote(5, default, "127.0.0.1:7001")));
    }

    [Test]
    public async Task What_stands_beside_term_and_vote_is_kept()
    {
        await using BoltStore store = await BoltStore.OpenAsync(
            new MemorySource(BoltBuilder.Voted().With("mine", "value"u8).With("a", 7).Build()));

        IReadOnlyList<byte[]> keys = await ((IStableKeys)store.Stable).ListKeysAsync();
        Assert.That(keys.Select(Encoding.UTF8.GetString), Is.EqualTo(new[] { "a", "mine" }));
        Assert.That(await store.Stable.GetAsync("mine"u8.ToArray()), Is.EqualTo("value"u8.ToArray()));
        Assert.That(await store.Stable.GetAsync("CurrentTerm"u8.ToArray()), Is.Null);
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return new TestCaseData(BoltBuilder.Voted().With("LastVoteTerm", 6), "given in term 6, and the present term is 5");
        yield return new TestCaseData(BoltBuilder.Voted().Without("LastVoteTerm"), "given in term (missing)");
        yield return new TestCaseData(BoltBuilder.Voted().Without("CurrentTerm"), "the key CurrentTerm is missing");
        yield return new TestCaseData(new BoltBuilder().WithEntries(1, 1, term: 5), "the key CurrentTerm is missing");
        yield return new TestCaseData(
            BoltBuilder.Voted().Without("LastVoteCand").With("LastVoteCane", "x"u8), "the key LastVoteCand is missing");
        yield return new TestCaseData(BoltBuilder.Voted().With("CurrentTerm", "1234567"u8), "CurrentTerm does not have 8 bytes");
        yield return new TestCaseData(BoltBuilder.Voted().With("LastVoteCand", [0xff]), "is no text");
        yield return new TestCaseData(BoltBuilder.Voted().With("raft/rejoin", "x"u8), "'raft/rejoin' stands beside the term");
        yield return new TestCaseData(BoltBuilder.Voted().WithBucket("other"), "there is a bucket 'other'");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntries(1, 3, 5).WithEntries(4, 1, 4), "entry 4 is of term 4");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntries(1, 1, 0), "entry 1 is of term 0");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(2, Encoded(3)), "under the index 2 stands entry 3");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(3, Encoded(3).AsSpan()[..^1]), "entry 3 cannot be decoded");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(3, []), "entry 3 cannot be decoded");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(3, [.. Encoded(3), .. Encoded(4)]), "or more than one");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(3, [.. Encoded(3)[..^1], 9]), "of an unknown type, 9");
        yield return new TestCaseData(BoltBuilder.Voted().WithEntry(0, Encoded(3)), "is no index of an entry");
    }

    [TestCaseSource(nameof(Refused))]
    public void What_no_Go_node_leaves_is_refused(object builder, string says) => Assert.That(
        async () => await BoltStore.OpenAsync(new MemorySource(((BoltBuilder)builder).Build())),
        Throws.TypeOf<CorruptStoreException>().With.Message.Contains(says).And.Message.Contains("raft.db, page "));

    private static async Task<TermAndVote?> RecordAsync(BoltBuilder builder)
    {
        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(builder.Build()));
        return await store.Stable.LoadAsync();
    }

    private static byte[] Encoded(ulong index) => TestEntries.Batch(index, 1, term: 5).Encoded.ToArray();
}
