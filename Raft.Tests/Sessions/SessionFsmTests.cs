using System.Text;
using Raft.Storage;

namespace Raft.Tests.Sessions;

/// <summary>A state machine that knows nothing of sessions, behind one that does.</summary>
public sealed class SessionFsmTests
{
    private ulong _index;

    [SetUp]
    public void SetUp() => _index = 0;

    [Test]
    public void A_repeated_request_reaches_the_state_machine_once_and_is_answered_each_time()
    {
        var inner = new ListFsm();
        SessionFsm fsm = SessionFsm.Around(inner, SessionFsm.Bytes);

        var first = (SessionAnswer)fsm.Apply(Entry("a", 1, "x"))!;
        var again = (SessionAnswer)fsm.Apply(Entry("a", 1, "x"))!;
        var next = (SessionAnswer)fsm.Apply(Entry("a", 2, ""))!;
        var late = (SessionAnswer)fsm.Apply(Entry("a", 1, "x"))!;

        Assert.That(inner.Applied, Is.EqualTo(new[] { "1 x", "3 " }));
        Assert.That((first.Verdict, first.Index, Text(first)), Is.EqualTo((SessionVerdict.New, 1ul, "did 1 x")));
        Assert.That((again.Verdict, again.Index, Text(again)), Is.EqualTo((SessionVerdict.Repeated, 1ul, "did 1 x")));
        Assert.That((next.Verdict, late.Verdict), Is.EqualTo((SessionVerdict.New, SessionVerdict.Superseded)));
    }

    [Test]
    public void A_state_machine_with_a_disk_of_its_own_is_refused()
    {
        Assert.That(
            static () => SessionFsm.Around(new OnDisk(), SessionFsm.Bytes),
            Throws.ArgumentException.With.Message.Contains(nameof(SessionTable)));
    }

    private sealed class OnDisk : IDurableFsm
    {
        public AppliedPoint Applied => default;

        public object? Apply(LogEntry entry) => null;

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Test]
    public void What_is_no_envelope_goes_through_with_its_own_answer()
    {
        var inner = new ListFsm();
        SessionFsm fsm = SessionFsm.Around(inner, SessionFsm.Bytes);

        object? answer = fsm.Apply(Entry("plain"u8.ToArray()));

        Assert.That(answer, Is.EqualTo("did 1 plain"u8.ToArray()));
        Assert.That(fsm.Sessions.Count, Is.Zero);
    }

    [Test]
    public void What_begins_as_an_envelope_and_is_none_is_refused()
    {
        var inner = new ListFsm();
        SessionFsm fsm = SessionFsm.Around(inner, SessionFsm.Bytes);
        byte[] envelope = SessionEnvelope.Wrap(new SessionRequest("client", 1), "x"u8).ToArray();
        byte[] expire = SessionEnvelope.Expire(3).ToArray();
        byte[] version = [.. envelope];
        version[6] = 2;
        byte[] name = [.. envelope];
        name[26] = 0xFF;
        byte[] negative = [.. expire];
        negative[11] = 0x80;

        byte[][] wrong = [.. Enumerable.Range(6, 26).Select(n => envelope[..n]), version, name, expire[..11], [.. expire, 0], negative];

        foreach (byte[] one in wrong)
        {
            Assert.That(fsm.Apply(Entry(one)), Is.EqualTo(default(SessionAnswer)), Convert.ToHexString(one));
        }

        Assert.That(inner.Applied, Is.Empty);
    }

    [Test]
    public void A_command_expires_sessions_and_says_how_many()
    {
        SessionFsm fsm = SessionFsm.Around(new ListFsm(), SessionFsm.Bytes);
        fsm.Apply(Entry("a", 1, "x"));
        fsm.Apply(Entry("b", 1, "x"));

        object? expired = fsm.Apply(Entry(SessionEnvelope.Expire(1).ToArray()));

        Assert.That(expired, Is.EqualTo(1));
        Assert.That(((SessionAnswer)fsm.Apply(Entry("a", 1, "x"))!).Verdict, Is.EqualTo(SessionVerdict.Unknown));
    }

    [Test]
    public async Task A_snapshot_brings_the_sessions_back_with_the_state()
    {
        SessionFsm fsm = SessionFsm.Around(new ListFsm(), SessionFsm.Bytes);
        fsm.Apply(Entry("a", 1, "x"));
        byte[] written = await WriteAsync(fsm);
        var inner = new ListFsm();
        SessionFsm restored = SessionFsm.Around(inner, SessionFsm.Bytes);
        restored.Apply(Entry("gone", 1, "y"));

        await restored.RestoreAsync(new MemoryStream(written), CancellationToken.None);

        var again = (SessionAnswer)restored.Apply(Entry("a", 1, "x"))!;
        Assert.That((again.Verdict, Text(again)), Is.EqualTo((SessionVerdict.Repeated, "did 1 x")));
        Assert.That(inner.Applied, Is.EqualTo(new[] { "1 x" }));
        Assert.That(await WriteAsync(restored), Is.EqualTo(written));
    }

    [TestCase("1 x\n", TestName = "A_snapshot_without_sessions_is_refused_and_changes_nothing")]
    [TestCase(null, TestName = "A_snapshot_that_the_state_machine_refuses_leaves_the_sessions_too")]
    public async Task Refused(string? bytes)
    {
        SessionFsm fsm = SessionFsm.Around(new ListFsm(), SessionFsm.Bytes);
        byte[] refused = bytes is not null ? Encoding.UTF8.GetBytes(bytes) : [.. await WriteAsync(fsm), .. "!"u8];
        fsm.Apply(Entry("a", 1, "x"));
        byte[] before = await WriteAsync(fsm);

        Assert.That(
            () => fsm.RestoreAsync(new MemoryStream(refused), CancellationToken.None), Throws.TypeOf<InvalidDataException>());

        Assert.That(await WriteAsync(fsm), Is.EqualTo(before));
    }

    [Test]
    public void It_takes_batches_and_configurations_where_the_state_machine_does()
    {
        SessionFsm[] all =
        [
            SessionFsm.Around(new ListFsm(), SessionFsm.Bytes), SessionFsm.Around(new BatchFsm(), SessionFsm.Bytes),
            SessionFsm.Around(new StoreFsm(), SessionFsm.Bytes), SessionFsm.Around(new BatchStoreFsm(), SessionFsm.Bytes),
        ];
        foreach (IConfigurationStore store in all.OfType<IConfigurationStore>())
        {
            store.StoreConfiguration(5, new ClusterConfiguration([]));
        }

        Assert.That(all.Select(f => f is IBatchingFsm), Is.EqualTo(new[] { false, true, false, true }));
        Assert.That(all.Select(f => f is IConfigurationStore), Is.EqualTo(new[] { false, false, true, true }));
        Assert.That(((StoreFsm)all[2].Inner).Stored, Is.EqualTo(5));
        Assert.That(((BatchStoreFsm)all[3].Inner).Stored, Is.EqualTo(5));
    }

    /// <summary>Batches are cut differently on each server: no cut may show in the state or in an answer.</summary>
    [Test]
    public async Task Batches_of_any_size_lead_to_what_one_by_one_leads_to([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        LogEntry[] entries = [.. Enumerable.Range(0, 300).Select(i => random.Next(12) switch
        {
            0 => Entry(SessionEnvelope.Expire(random.Next(4)).ToArray()),
            1 => Entry([0xFF, .. "RSESS"u8, 9]),
            2 => Entry(Encoding.UTF8.GetBytes($"plain {i}")),
            3 => Entry("ignored"u8.ToArray(), LogType.Configuration),
            _ => Entry($"c{random.Next(3)}", (ulong)(i / 8), $"x{i}", openedAt: random.Next(3) == 0 ? 0 : (ulong)Math.Max(0, i - 20) / 20 * 20),
        })];
        byte[] foreign = seed % 3 == 0 ? await WriteAsync(Foreign()) : await WriteAsync(SessionFsm.Around(new ListFsm(), SessionFsm.Bytes));
        SessionFsm single = SessionFsm.Around(new ListFsm(), SessionFsm.Bytes);
        SessionFsm batched = SessionFsm.Around(new BatchFsm(), SessionFsm.Bytes);
        await single.RestoreAsync(new MemoryStream(foreign), CancellationToken.None);
        await batched.RestoreAsync(new MemoryStream(foreign), CancellationToken.None);

        var expected = entries.Select(e => e.Type == LogType.Command ? Text(single.Apply(e)) : "null").ToList();
        var got = new List<string>();
        for (int at = 0; at < entries.Length;)
        {
            int count = Math.Min(entries.Length - at, random.Next(1, 40));
            object?[] responses = new object?[count];
            ((IBatchingFsm)batched).ApplyBatch(entries.AsSpan(at, count), responses);
            got.AddRange(responses.Select(Text));
            at += count;
        }

        Assert.That(got, Is.EqualTo(expected), $"seed {seed}");
        Assert.That(await WriteAsync(batched), Is.EqualTo(await WriteAsync(single)), $"seed {seed}");

        static SessionFsm Foreign()
        {
            SessionFsm fsm = SessionFsm.Around(new ListFsm(), SessionFsm.Bytes);
            fsm.Apply(LogBatchBuilder.Single(
                150, 3, LogType.Command, SessionEnvelope.Wrap(new SessionRequest("of a longer log", 1), "x"u8).Span, LogTimestamp.Zero)[0]);
            return fsm;
        }
    }

    private static string Text(SessionAnswer answer) => Encoding.UTF8.GetString(answer.Result.Span);

    private static string Text(object? answer) => answer switch
    {
        SessionAnswer session => $"{session.Verdict} {session.Index} {Text(session)}",
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        null => "null",
        _ => answer.ToString()!,
    };

    private static async Task<byte[]> WriteAsync(SessionFsm fsm)
    {
        using IFsmSnapshot snapshot = fsm.Snapshot();
        using var written = new MemoryStream();
        await snapshot.PersistAsync(written, CancellationToken.None);
        return written.ToArray();
    }

    private LogEntry Entry(string client, ulong number, string command, ulong openedAt = 0) =>
        Entry(SessionEnvelope.Wrap(new SessionRequest(client, number, openedAt), Encoding.UTF8.GetBytes(command)).ToArray());

    private LogEntry Entry(byte[] data, LogType type = LogType.Command) =>
        LogBatchBuilder.Single(++_index, term: 3, type, data, LogTimestamp.Zero)[0];

    private class ListFsm : IFsm
    {
        public List<string> Applied { get; } = [];

        public object? Apply(LogEntry entry)
        {
            string did = $"{entry.Index} {Encoding.UTF8.GetString(entry.Data.Span)}";
            Applied.Add(did);
            return Encoding.UTF8.GetBytes($"did {did}");
        }

        public IFsmSnapshot Snapshot() => new Held(string.Concat(Applied.Select(a => a + "\n")));

        public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
        {
            using var reader = new StreamReader(snapshot, leaveOpen: true);
            string text = await reader.ReadToEndAsync(cancellationToken);
            if (text.Contains('!', StringComparison.Ordinal))
            {
                throw new InvalidDataException("not mine");
            }

            Applied.Clear();
            Applied.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private class BatchFsm : ListFsm, IBatchingFsm
    {
        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                responses[i] = entries[i].Type == LogType.Command ? Apply(entries[i]) : null;
            }
        }
    }

    private sealed class StoreFsm : ListFsm, IConfigurationStore
    {
        public ulong Stored { get; private set; }

        public void StoreConfiguration(ulong index, ClusterConfiguration configuration) => Stored = index;
    }

    private sealed class BatchStoreFsm : BatchFsm, IConfigurationStore
    {
        public ulong Stored { get; private set; }

        public void StoreConfiguration(ulong index, ClusterConfiguration configuration) => Stored = index;
    }

    private sealed class Held(string text) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

        public void Dispose()
        {
        }
    }
}
