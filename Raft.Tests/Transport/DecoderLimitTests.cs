using Raft.MsgPack;
using Raft.Stores.Wal;
using Raft.Tests.Golden;
using Raft.Tests.Support;
using Raft.Transport.Tcp.Wire;

namespace Raft.Tests.Transport;

/// <summary>What no peer can make the decoder do, whatever it sends.</summary>
public sealed class DecoderLimitTests
{
    private const int AllowanceBytes = 64 * 1024;

    private static IEnumerable<TestCaseData> WaitingClaims =>
    [
        Claim("2^31 entries", "00 81 a7456e7472696573 dd80000000"),
        Claim("an entry of 8 MiB", "00 81 a7456e7472696573 91 81 a444617461 db00800000"),
        Claim("a question of 8 MiB", "20 81 a444617461 db00800000"),
        Claim("a snapshot of 2^40 bytes", "02 81 a453697a65 d30000010000000000"),
        Claim("a configuration of 1 MB", "02 81 ad436f6e66696775726174696f6e db000f0000"),
        Claim("a map of 2^32 keys", "00 dfffffffff"),
    ];

    private static IEnumerable<TestCaseData> RefusedClaims =>
    [
        Claim("an entry of 4 GiB", "00 81 a7456e7472696573 91 81 a444617461 dbffffffff"),
        Claim("an entry just over the limit", "00 81 a7456e7472696573 91 81 a444617461 db00800060"),
        Claim("extensions of 4 GiB", "00 81 a7456e7472696573 91 81 aa457874656e73696f6e73 dbffffffff"),
        Claim("an entry with 2^32 keys", "00 81 a7456e7472696573 91 dfffffffff"),
        Claim("an address of 4 GiB", "00 81 a441646472 dbffffffff"),
        Claim("an address of 1025 bytes", "00 81 a441646472 da0401"),
        Claim("an id of 1025 bytes", "00 81 a24944 da0401"),
        Claim("a candidate of 1025 bytes", "01 81 a943616e646964617465 da0401" + string.Concat(Enumerable.Repeat("61", 1025))),
        Claim("a key of 4 GiB", "00 81 dbffffffff"),
        Claim("an unknown array of 2^32 values", "00 81 a3666f6f ddffffffff"),
        Claim("an unknown value of 4 GiB", "01 81 a3666f6f c6ffffffff"),
        Claim("a question of 4 GiB", "20 81 a444617461 dbffffffff"),
        Claim("a negative snapshot", "02 81 a453697a65 ff"),
        Claim("a request as an array", "01 98 00 a0 a0 01 a0 01 01 c2"),
        Claim("an append as an array", "00 99 00"),
        Claim("an unknown type", "05 80"),
        Claim("a negative term", "01 81 a45465726d ff"),
        Claim("a term in floating point", "01 81 a45465726d ca3f800000"),
        Claim("a log type above 255", "00 81 a7456e7472696573 91 82 a5496e646578 01 a454797065 cd0100"),
        Claim("entries twice", "00 82 a7456e7472696573 90 a7456e7472696573 90"),
        Claim("entries with a gap", "00 81 a7456e7472696573 92 81 a5496e646578 01 81 a5496e646578 03"),
        Claim("values nested too deep", "01 81 a3666f6f" + string.Concat(Enumerable.Repeat("91", 40)) + "00"),
    ];

    [TestCaseSource(nameof(WaitingClaims))]
    public async Task A_claim_with_nothing_behind_it_allocates_next_to_nothing(byte[] bytes)
    {
        await Decode.RequestsAsync(bytes, isEndClean: false);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Task run = Decode.RequestsAsync(bytes, isEndClean: false);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(run.IsCompleted, Is.True, "all ran on this thread, where allocations were counted");
        await run;
        Assert.That(allocated, Is.LessThan(AllowanceBytes));
    }

    [TestCaseSource(nameof(RefusedClaims))]
    public void What_is_malformed_or_over_a_limit_is_refused_without_allocating_for_it(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Task run = Decode.RequestsAsync(bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(run.IsFaulted, Is.True);
        Assert.That(run.Exception!.InnerException, Is.InstanceOf<MsgPackException>());
        Assert.That(allocated, Is.LessThan(2 * AllowanceBytes));
    }

    [Test]
    public async Task An_entry_of_exactly_the_limit_is_taken()
    {
        AppendEntriesRequest request = Requests.Append(entryCount: 1, dataBytes: Decode.EntryBytesMax);

        List<RpcRequest> requests = await Decode.RequestsAsync(Requests.Bytes(request), pieceBytes: 100_000);

        MessageAssert.AreEqual(requests.Single(), request);
    }

    [Test]
    public async Task An_id_and_an_address_of_exactly_the_limit_are_taken_and_a_vote_for_them_can_be_saved()
    {
        var header = new RpcHeader(3, new string('i', 1024), new string('a', 1024));
        var request = new RequestVoteRequest(header) { Term = 5, Candidate = header.Address };

        List<RpcRequest> requests = await Decode.RequestsAsync(Requests.Bytes(request));

        Assert.That(requests.Single(), Is.EqualTo(request));
        using var directory = new TemporaryDirectory();
        await using WalStore store = await WalStore.OpenAsync(directory.Path);
        await store.Stable.SaveAsync(new TermAndVote(5, header.Id, header.Address));
        Assert.That((await store.Stable.LoadAsync())!.Term, Is.EqualTo(5));
    }

    [TestCase(512, 128, 0)]
    [TestCase(3000, 500, 100_000)]
    [TestCase(7, 200_000, 65_536)]
    [TestCase(5, 300_000, 99_999)]
    [TestCase(1, 0, 1)]
    public async Task Entries_of_any_size_arrive_whole_in_batches_of_bounded_size(int count, int dataBytes, int pieceBytes)
    {
        AppendEntriesRequest request = Requests.Append(count, dataBytes, previousIndex: 41);
        byte[] bytes = [.. Requests.Bytes(request), .. Requests.Bytes(Requests.Vote())];

        List<RpcRequest> requests = await Decode.RequestsAsync(bytes, pieceBytes == 0 ? int.MaxValue : pieceBytes);

        Assert.That(requests, Has.Count.EqualTo(2));
        MessageAssert.AreEqual(requests[0], request);
        foreach (LogSlice slice in ((AppendEntriesRequest)requests[0]).Entries!)
        {
            Assert.That(slice.Count == 1 || slice.Encoded.Length <= WireLimits.BatchBytesMax, Is.True);
        }
    }

    [TestCase(int.MaxValue)]
    [TestCase(1000)]
    [TestCase(7)]
    public async Task Entries_of_many_sizes_in_one_request_arrive_whole(int pieceBytes)
    {
        int[] sizes = [10, 5000, 3, 70_000, 50, 50, 300_000, 0, .. Enumerable.Repeat(128, 200), 9000, 9000, .. Enumerable.Range(0, 300)];
        var request = new AppendEntriesRequest(Requests.Header)
        {
            Term = 7,
            Leader = Requests.Header.Address,
            Entries = [.. sizes.Select((size, i) => Requests.Append(1, size, previousIndex: 65_400 + (ulong)i).Entries![0])],
        };

        List<RpcRequest> requests = await Decode.RequestsAsync(Requests.Bytes(request), pieceBytes);

        MessageAssert.AreEqual(requests.Single(), request);
        Assert.That(((AppendEntriesRequest)requests[0]).Entries, Has.Count.LessThan(40), "mostly together");
    }

    [Test]
    public async Task An_entry_among_others_takes_its_bytes_and_24_more()
    {
        byte[] few = Requests.Bytes(Requests.Append(entryCount: 100, dataBytes: 128, previousIndex: 1000));
        byte[] many = Requests.Bytes(Requests.Append(entryCount: 300, dataBytes: 128, previousIndex: 1000));
        var differences = new List<long>();
        for (int round = 0; round < 9; round++)
        {
            // The pool of buffers may hold some that others left, or be emptied by a collection: then one round is unlike the rest.
            await Decode.RequestsAsync(many);
            await Decode.RequestsAsync(few);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task run = Decode.RequestsAsync(few);
            long first = GC.GetAllocatedBytesForCurrentThread();
            Task again = Decode.RequestsAsync(many);
            long last = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(run.IsCompleted && again.IsCompleted, Is.True, "all ran on this thread, where allocations were counted");
            await Task.WhenAll(run, again);
            differences.Add(last - first - (first - before));
        }

        long more = differences.Order().ElementAt(differences.Count / 2);
        Assert.That(more, Is.EqualTo(many.Length - few.Length + (200 * 24)).Within(512), "less than an object an entry beside");
    }

    [TestCase(500, true)]
    [TestCase(20_000, false)]
    public async Task Entries_that_take_far_more_memory_than_bytes_are_taken_as_long_as_they_are_few(int count, bool isTaken)
    {
        // An index alone: 12 bytes, of which Go's form makes 69.
        var bytes = new List<byte>([.. Convert.FromHexString("0081a7456e7472696573dd"), .. BigEndian(count)]);
        for (int i = 1; i <= count; i++)
        {
            bytes.AddRange([.. Convert.FromHexString("81a5496e646578ce"), .. BigEndian(i)]);
        }

        if (isTaken)
        {
            var request = (AppendEntriesRequest)(await Decode.RequestsAsync(bytes.ToArray())).Single();
            Assert.That(MessageAssert.Flatten(request.Entries).Count(), Is.EqualTo(count));
        }
        else
        {
            Assert.That(
                async () => await Decode.RequestsAsync(bytes.ToArray()), Throws.TypeOf<MsgPackException>().With.Message.Contains("bytes more in memory than twice"));
        }

        static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    }

    [Test]
    public async Task An_entry_that_Go_would_not_write_that_way_is_kept_in_Gos_form()
    {
        // Keys in another order, wide numbers, bin, an unknown key, a true msgpack timestamp.
        byte[] bytes = Convert.FromHexString((
            "00 82 a7456e7472696573 91 87 a454797065 cc00 a35e5e5e 93 01 a1 78 c0 a5496e646578 cf0000000000000005 "
            + "a44d617962 81 a161 02 a454 65726d cd0003 a444617461 c403010203 aa417070656e6465644174 d6ff65937d25 "
            + "a45465726d 03").Replace(" ", "", StringComparison.Ordinal));

        var request = (AppendEntriesRequest)(await Decode.RequestsAsync(bytes, pieceBytes: 3)).Single();

        LogEntry entry = MessageAssert.Flatten(request.Entries).Single();
        Assert.That((entry.Index, entry.Term, entry.Type), Is.EqualTo((5UL, 3UL, LogType.Command)));
        Assert.That(entry.Data.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(entry.AppendedAt.ToDateTimeOffset().ToUnixTimeSeconds(), Is.EqualTo(0x65937d25));
        Assert.That(LogEncoding.Decode(entry.Encoded)[0].Index, Is.EqualTo(5), "its bytes are in Go's form");
        Assert.That(request.Term, Is.EqualTo(3));
    }

    private static TestCaseData Claim(string what, string hex) =>
        new TestCaseData(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))).SetArgDisplayNames(what);
}
