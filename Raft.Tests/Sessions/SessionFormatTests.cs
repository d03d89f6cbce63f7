using System.Buffers.Binary;

namespace Raft.Tests.Sessions;

/// <summary>The bytes of a table (docs/formats.md), and what is refused.</summary>
public sealed class SessionFormatTests
{
    [Test]
    public async Task A_table_has_the_bytes_that_the_docs_describe()
    {
        SessionTable table = SessionTable.Of(
            [new SessionEntry("b", 2, 7, 9, new byte[] { 0xAA }), new SessionEntry("a", 0, 1, 4, default)], forgottenIndex: 3, lastIndex: 10);

        byte[] written = await WriteAsync(table);

        Assert.That(Convert.ToHexString(written), Is.EqualTo(
            "5241465453455353" + "01000000" + "8BE22102"
            + "0A00000000000000" + "0300000000000000" + "02000000"
            + "0400000000000000" + "0000000000000000" + "0100000000000000" + "0100" + "00000000" + "61"
            + "0900000000000000" + "0200000000000000" + "0700000000000000" + "0100" + "01000000" + "62" + "AA"
            + "E52E582B"));
    }

    [Test]
    public async Task What_is_written_is_read_back_and_written_again_the_same([Range(1, 60)] int seed)
    {
        SessionTable table = Draw(new Random(seed));
        byte[] written = await WriteAsync(table);
        using var stream = new Piecemeal([.. written, 1, 2, 3], new Random(seed));

        SessionTable read = await SessionTable.ReadAsync(stream, CancellationToken.None);

        Assert.That(await WriteAsync(read), Is.EqualTo(written), $"seed {seed}");
        Assert.That(stream.Position, Is.EqualTo(written.Length), "nothing behind it is touched");
        Assert.That(read.Entries.Select(Text), Is.EqualTo(table.Entries.Select(Text)));
        Assert.That((read.LastIndex, read.ForgottenIndex), Is.EqualTo((table.LastIndex, table.ForgottenIndex)));
    }

    [Test]
    public async Task The_same_commands_lead_to_the_same_bytes_whatever_was_restored_between()
    {
        var random = new Random(4711);
        var straight = new SessionTable();
        var restored = new SessionTable();
        for (ulong index = 1; index < 2000; index++)
        {
            var request = new SessionRequest($"client {random.Next(50)}", index);
            foreach (SessionTable table in new[] { straight, restored })
            {
                if (table.Check(request, index).Verdict == SessionVerdict.New)
                {
                    table.Record(request, index, BitConverter.GetBytes(index));
                }
            }

            if (index % 100 == 0)
            {
                straight.Expire(limit: 49);
                restored.Expire(limit: 49);
                restored = await SessionTable.ReadAsync(new MemoryStream(await WriteAsync(restored)), CancellationToken.None);
            }
        }

        Assert.That(await WriteAsync(restored), Is.EqualTo(await WriteAsync(straight)));
    }

    [Test]
    public async Task A_snapshot_shows_nothing_of_what_is_recorded_later()
    {
        var table = new SessionTable();
        table.Record(new SessionRequest("a", 1), 1, default);
        byte[] before = await WriteAsync(table);
        using IFsmSnapshot held = table.Snapshot();
        table.Record(new SessionRequest("a", 2), 2, default);
        table.Expire(limit: 0);

        using var written = new MemoryStream();
        await held.PersistAsync(written, CancellationToken.None);

        Assert.That(written.ToArray(), Is.EqualTo(before));
    }

    [Test]
    public async Task Every_flipped_bit_and_every_early_end_is_refused()
    {
        byte[] written = await WriteAsync(Draw(new Random(3), sessions: 4, resultBytesMax: 40));

        for (int at = 0; at < written.Length; at++)
        {
            byte[] cut = written[..at];
            Assert.That(() => ReadAsync(cut), Throws.TypeOf<InvalidDataException>(), $"cut at {at}");
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = [.. written];
                changed[at] ^= (byte)(1 << bit);
                Assert.That(() => ReadAsync(changed), Throws.TypeOf<InvalidDataException>(), $"bit {bit} of byte {at}");
            }
        }
    }

    [Test]
    public async Task A_length_that_lies_takes_no_more_memory_than_what_comes()
    {
        byte[] written = await WriteAsync(SessionTable.Of([new SessionEntry("a", 0, 1, 1, new byte[10])]));
        const int LengthAt = 16 + 20 + 26;
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(written.AsSpan(LengthAt)), Is.EqualTo(10), "the test knows the place");
        foreach (uint length in new[] { 0x7000_0000u, 0x7FFF_FFFFu, uint.MaxValue })
        {
            BinaryPrimitives.WriteUInt32LittleEndian(written.AsSpan(LengthAt), length);
            long before = GC.GetAllocatedBytesForCurrentThread();

            Assert.That(() => ReadAsync(written), Throws.TypeOf<InvalidDataException>());

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        }
    }

    [Test]
    public void A_table_of_another_version_is_named_as_such()
    {
        byte[] head = [.. "RAFTSESS"u8, 2, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(12), SessionTableFormat.Checksum(0, head.AsSpan(0, 12)));

        Assert.That(() => ReadAsync(head), Throws.TypeOf<InvalidDataException>().With.Message.Contains("it has version 2; 1 is known here"));
    }

    [Test]
    public void What_no_table_can_be_is_refused()
    {
        Refused("two sessions", [Entry("a", 1), Entry("a", 2)]);
        Refused("no name", [Entry("", 1)]);
        Refused("opened after", [new SessionEntry("a", 5, 1, 4, default)]);
        Refused("older than a forgotten one", [Entry("a", 3)], forgotten: 3);
        Refused("no log has", [Entry("a", ulong.MaxValue)]);
        Assert.That(SessionTable.Of([Entry("b", 0), Entry("a", 0)]).Entries.Select(e => e.Client), Is.EqualTo(new[] { "a", "b" }));

        static SessionEntry Entry(string client, ulong index) => new(client, 0, 1, index, default);

        static void Refused(string why, SessionEntry[] entries, ulong forgotten = 0) => Assert.That(
            () => SessionTable.Of(entries, forgotten), Throws.ArgumentException.With.Message.Contains(why));
    }

    private static SessionTable Draw(Random random, int sessions = 300, int resultBytesMax = 2000)
    {
        var table = new SessionTable();
        ulong index = 0;
        for (int i = random.Next(sessions); i >= 0; i--)
        {
            index += (ulong)random.NextInt64(1, 1L << 40);
            byte[] result = new byte[random.Next(50) == 0 ? random.Next(100 * resultBytesMax) : random.Next(resultBytesMax)];
            random.NextBytes(result);
            var request = new SessionRequest($"\u20ac{random.Next(sessions)}", index, OpenedAt: index - 1);
            if (table.Check(request, index).Verdict == SessionVerdict.New)
            {
                table.Record(request, index, result);
            }

            if (random.Next(100) == 0)
            {
                table.Expire(table.Count - 1);
            }
        }

        return table;
    }

    private static string Text(SessionEntry entry) =>
        $"{entry.Client} {entry.OpenedAt} {entry.Number} {entry.Index} {Convert.ToHexString(entry.Result.Span)}";

    private static Task<SessionTable> ReadAsync(byte[] bytes) =>
        SessionTable.ReadAsync(new MemoryStream(bytes), CancellationToken.None);

    private static async Task<byte[]> WriteAsync(SessionTable table)
    {
        using IFsmSnapshot snapshot = table.Snapshot();
        using var written = new MemoryStream();
        await snapshot.PersistAsync(written, CancellationToken.None);
        return written.ToArray();
    }

    /// <summary>Gives few bytes at a time, as networks do.</summary>
    private sealed class Piecemeal(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 5000))], cancellationToken);
    }
}
