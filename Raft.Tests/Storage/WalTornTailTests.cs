using Raft.Stores.Wal;
using Raft.Stores.Wal.Format;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>What a crash in the middle of the last write leaves is cut; what was whole stays, and the rest stays away.</summary>
[TestFixture]
public sealed class WalTornTailTests
{
    public static IEnumerable<int> AllSteps => Enumerable.Range(1, WalScript.Steps.Count);

    [TestCaseSource(nameof(AllSteps))]
    [Reference("b10")]
    public async Task A_group_torn_at_any_byte_leaves_the_entries_before_it_and_its_own_whole_ones(int step)
    {
        (_, WalScript script) = await WalScript.RunAsync(step - 1);
        (FaultDisk after, WalScript done) = await WalScript.RunAsync(step);
        (_, long offset, int length) = after.LastWrite;
        string path = after.NewestSegment;
        for (int torn = 0; torn <= length; torn++)
        {
            FaultDisk disk = after.Clone();
            disk.Content(path).AsSpan((int)offset + torn, length - torn).Clear();

            List<string> content = await WalScript.ContentAsync(disk);

            Assert.That(content, Is.EqualTo(Expected(script, done, after.Content(path), (int)offset, torn)), $"torn at {torn}");
            await WalScript.RequireLifeGoesOnAsync(disk, content, $"torn at {torn}");
        }
    }

    [Test]
    public async Task A_group_that_lost_any_sector_in_its_middle_is_cut_there_and_what_lies_behind_stays_away()
    {
        (FaultDisk before, WalScript script) = await WalScript.RunAsync(WalScript.Steps.Count);
        before.KillProcess();
        WalStore store = await WalScript.OpenAsync(before);
        LogBatch last = TestEntries.Batch(store.Log.LastIndex + 1, count: 40, term: 6, bytes: 30);
        await store.Log.AppendAsync(TestEntries.Append(last));
        (_, long offset, int length) = before.LastWrite;
        string path = before.NewestSegment;
        for (int lost = 0; lost < length; lost += 8)
        {
            FaultDisk disk = before.Clone();
            disk.Content(path).AsSpan((int)offset + lost, Math.Min(128, length - lost)).Clear();

            List<string> content = await WalScript.ContentAsync(disk);

            Assert.That(content.Take(script.Held.Count), Is.EqualTo(script.Held), $"lost at {lost}");
            Assert.That(content, Has.Count.LessThan(script.Held.Count + 40), $"lost at {lost}");
            await WalScript.RequireLifeGoesOnAsync(disk, content, $"lost at {lost}");
        }
    }

    [Test]
    public async Task A_stored_copy_of_a_header_never_passes_for_one()
    {
        FaultDisk disk = new();
        WalStore store = await WalScript.OpenAsync(disk);
        await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 1, term: 1)));
        string path = disk.NewestSegment;
        byte[] header = disk.Content(path)[SegmentHeader.PageBytes..(SegmentHeader.PageBytes + GroupHeader.Bytes)];

        // At each of eight places, one of which is where a header could stand.
        byte[] value = [.. Enumerable.Range(0, 8).SelectMany(pad => header.Concat(new byte[pad + 1]))];
        LogBatch[] entries = [.. Enumerable.Range(0, 2).Select(i => Raft.Storage.LogBatchBuilder.Single(
            2 + (ulong)i, 1, LogType.Command, value, LogTimestamp.Zero))];
        await store.Log.AppendAsync(new LogAppend([.. entries.Select(entry => new LogSlice(entry))], 1, 0));
        disk.Content(path)[(int)disk.LastWrite.Offset + GroupHeader.Bytes + 20] ^= 1;

        disk.KillProcess();
        List<string> content = await WalScript.ContentAsync(disk);

        Assert.That(content, Is.EqualTo(new[] { "entry 1 of term 1" }));
    }

    private static List<string> Expected(WalScript before, WalScript after, byte[] file, int offset, int torn)
    {
        int at = offset + GroupHeader.Bytes;
        int end = at + BitConverter.ToInt32(file, offset + 48);
        int whole = 0;
        while (at < end)
        {
            Record.TryReadHead(file.AsSpan(at), out RecordType type, out int payloadBytes);
            // A record is whole with the last byte that is not zero anyway.
            int needed = at + Record.HeadBytes + payloadBytes;
            while (file[needed - 1] == 0)
            {
                needed--;
            }

            bool isWhole = needed <= offset + torn;
            if (type == RecordType.Truncation)
            {
                return [.. isWhole ? after.Held : before.Held];
            }

            whole += isWhole ? 1 : 0;
            at += Record.Size(payloadBytes);
        }

        return [.. before.Held, .. after.Held.Skip(before.Held.Count).Take(whole)];
    }
}
