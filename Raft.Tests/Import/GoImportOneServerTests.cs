using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;
using Raft.Stores.Wal;
using Raft.Stores.Wal.Disk;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>Two servers never come of one Go node, whoever is started or interrupted in between, and nothing is deleted that counts.</summary>
[TestFixture]
public sealed class GoImportOneServerTests
{
    [TestCase(ImportDisk.Other, ImportDisk.Directory)]
    [TestCase(ImportDisk.Other, "/third")]
    [TestCase(ImportDisk.Directory, ImportDisk.Other)]
    public async Task What_an_interrupted_import_left_never_counts_because_another_import_was_finished(string interrupted, string finished)
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await new ConversionMarker("go", "wal", ConversionPhase.Copy) { Source = ImportDisk.Directory }.WriteAsync(interrupted, disk);
        await using (OpenStore part = await ImportDisk.WalIn(interrupted).OpenAsync(interrupted, disk))
        {
            await part.Stable.SaveAsync(new TermAndVote(3));
        }

        try
        {
            await ImportDisk.ImportAsync(disk, finished);
        }
        catch (StoreException)
        {
            // To refuse the other one is as good.
            return;
        }

        Assert.That(async () => await ImportDisk.ImportAsync(disk, interrupted), Throws.InstanceOf<StoreException>());
        Assert.That(await ImportDisk.IsStartableAsync(disk, interrupted), Is.False, "it lacks every entry and the vote");
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task An_import_under_another_name_of_the_same_directory_is_one_in_place()
    {
        using var directory = new TemporaryDirectory();
        string real = directory.File("real");
        string link = directory.File("link");
        GoldenNode.All[0].Put(Path.Combine(real, "node"));
        Directory.CreateSymbolicLink(link, real);
        await new ConversionMarker("go", "wal", ConversionPhase.Copy) { Source = Path.Combine(real, "node") }
            .WriteAsync(Path.Combine(real, "node"), new RealDisk());
        string[] before = Snapshots(real);

        CommandSpec command = CommandTable.Commands.Single(c => c.Name == "import");
        string[] words = ["--from-go", Path.Combine(link, "node"), "--data", Path.Combine(real, "node")];
        int exitCode = await ImportCommand.RunAsync(ParsedOptions.Parse(command, words)!, TextWriter.Null, TextWriter.Null);

        Assert.That(exitCode, Is.Zero);
        Assert.That(Snapshots(real), Is.EqualTo(before));
    }

    [Test]
    public async Task Snapshots_of_a_Go_node_are_not_deleted_for_an_interrupted_import_to_its_directory()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await GoldenNode.All[1].PutAsync(disk, ImportDisk.Other);
        await new ConversionMarker("go", "wal", ConversionPhase.Copy) { Source = ImportDisk.Directory }.WriteAsync(ImportDisk.Other, disk);
        FaultDisk before = disk.Clone();

        Assert.That(async () => await ImportDisk.ImportAsync(disk, ImportDisk.Other), Throws.InstanceOf<StoreException>());
        Assert.That(disk.HoldsTheSameAs(before), Is.True);
    }

    [Test]
    public async Task Snapshots_that_the_Go_node_does_not_have_are_never_deleted()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await SnapshotDirectory.PutAsync(disk, "/other/snapshots/9-9-9/state.bin", [1]);
        await new ConversionMarker("go", "wal", ConversionPhase.Copy) { Source = ImportDisk.Directory }.WriteAsync(ImportDisk.Other, disk);

        Assert.That(
            async () => await ImportDisk.ImportAsync(disk, ImportDisk.Other),
            Throws.InstanceOf<StoreException>().With.Message.Contains("snapshots that this Go node does not have, 9-9-9"));
        Assert.That(disk.Paths, Has.Some.EqualTo("/other/snapshots/9-9-9/state.bin"));
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task A_Go_node_that_waits_for_the_lock_finds_no_database_behind_it()
    {
        using var directory = new TemporaryDirectory();
        var disk = new RealDisk();
        GoldenNode.All[0].Put(directory.Path);

        // Bolt opens first and locks then, for which it waits without end.
        using SafeFileHandle waiting = CheckedSync.OpenReadOnly(directory.File("raft.db"));
        await Import(directory.Path, directory.Path, disk);

        byte[] magics = new byte[8];
        RandomAccess.Read(waiting, magics.AsSpan(0, 4), 16);
        RandomAccess.Read(waiting, magics.AsSpan(4, 4), 4096 + 16);
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(magics), Is.Not.EqualTo(0xED0CDAED));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(magics.AsSpan(4)), Is.Not.EqualTo(0xED0CDAED));
    }

    [Test]
    public async Task An_import_that_comes_in_when_another_has_just_been_finished_leaves_its_store_alone()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        var late = new GoImport(
            ImportDisk.Directory, ImportDisk.Directory, ConversionDisk.Wal, disk,
            async path =>
            {
                // The file is open here, and the lock comes free, when the other import is done and its node has run.
                IDiskFile file = await disk.OpenAsync(path, DiskOpenMode.Existing);
                await ImportDisk.ImportAsync(disk);
                await using OpenStore node = await ConversionDisk.Wal.OpenAsync(ImportDisk.Directory, disk);
                await node.Stable.SaveAsync(new TermAndVote(9, "n2", "10.0.0.2:1"));
                return file;
            },
            new ConversionProgress(TextWriter.Null));

        Assert.That(async () => await late.RunAsync(), Throws.Exception);

        await using OpenStore left = await ConversionDisk.Wal.OpenAsync(ImportDisk.Directory, disk);
        Assert.That((await left.Stable.LoadAsync())!.Term, Is.EqualTo(9));
    }

    [Test]
    public async Task A_store_of_another_server_is_not_taken_for_the_imported_one()
    {
        FaultDisk disk = await ImportDisk.FilledAsync(GoldenNode.All[0]);
        await ImportDisk.ImportAsync(disk);
        await using (OpenStore other = await ImportDisk.WalIn("/other").OpenAsync("/other", disk))
        {
            await other.Stable.SaveAsync(new TermAndVote(1));
        }

        Assert.That(async () => await ImportDisk.ImportAsync(disk, "/other"), Throws.InstanceOf<StoreException>());
    }

    private static string[] Snapshots(string directory) =>
        [.. Directory.EnumerateFiles(Path.Combine(directory, "node", "snapshots"), "*", SearchOption.AllDirectories).Order()];

    private static Task<string> Import(string from, string to, IDisk disk) =>
        new GoImport(from, to, StoreKind.Wal, disk, BoltStore.LockAsync, new ConversionProgress(TextWriter.Null)).RunAsync();
}
