using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>A Go node whose log and newest snapshot cannot both be right.</summary>
public sealed class GoImportAgreementTests
{
    [TestCaseSource(typeof(GoldenNode), nameof(GoldenNode.All))]
    [Reference("M6")]
    public async Task A_snapshot_whose_last_entry_the_log_has_in_a_later_term_is_refused(GoldenNode node)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(node);
        string newest = node.Snapshots.Order(StringComparer.Ordinal).Last();
        string forged = newest.Replace("-156-", "-228-", StringComparison.Ordinal);
        string meta = Encoding.UTF8.GetString(disk.Peek($"{ImportDisk.Directory}/snapshots/{newest}/meta.json"));
        await SnapshotDirectory.PutAsync(
            disk, $"{ImportDisk.Directory}/snapshots/{forged}/meta.json",
            Encoding.UTF8.GetBytes(meta.Replace(newest, forged, StringComparison.Ordinal).Replace(
                "\"Index\":156", "\"Index\":228", StringComparison.Ordinal)));
        await SnapshotDirectory.PutAsync(
            disk, $"{ImportDisk.Directory}/snapshots/{forged}/state.bin",
            disk.Peek($"{ImportDisk.Directory}/snapshots/{newest}/state.bin").ToArray());

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk),
            Throws.InstanceOf<StoreException>().With.Message.Contains("entry 228 of term 2, which its log has of term 3"));
        Assert.That(disk.Peek($"{ImportDisk.Directory}/raft.db").SequenceEqual(node.Database), Is.True);
        Assert.That(disk.Paths, Has.None.Contains("convert").And.None.Contains("wal"));
    }
}
