using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;
using Raft.Stores.Wal;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>A Go node's directory on a disk that fails where a test says so, and what comes of it.</summary>
internal static class ImportDisk
{
    /// <summary>The Go node's directory; an import in place makes its store there too.</summary>
    public const string Directory = ConversionDisk.Directory;

    /// <summary>Another directory.</summary>
    public const string Other = "/other";

    /// <summary>What the stores are that an import may make here.</summary>
    public static StoreKind[] Kinds { get; } = [ConversionDisk.Wal, ConversionDisk.Second];

    /// <summary>A disk with a Go node's directory.</summary>
    public static async Task<FaultDisk> FilledAsync(GoldenNode node)
    {
        var disk = new FaultDisk();
        await node.PutAsync(disk, Directory);
        return disk.Clone();
    }

    /// <summary>A write-ahead log in a directory.</summary>
    public static StoreKind WalIn(string directory) =>
        directory == Directory ? ConversionDisk.Wal : ConversionDisk.WalIn(StoreNamesWal, directory);

    /// <summary>Imports into a write-ahead log.</summary>
    public static Task<string> ImportAsync(FaultDisk disk, string directory = Directory) =>
        ImportAsync(disk, directory, WalIn(directory));

    /// <summary>Imports.</summary>
    public static Task<string> ImportAsync(FaultDisk disk, string directory, StoreKind to) => new GoImport(
        Directory, directory, to, disk, path => disk.OpenAsync(path, DiskOpenMode.Existing), new ConversionProgress(TextWriter.Null)).RunAsync();

    /// <summary>What stands on a disk only while an import is under way.</summary>
    public static IEnumerable<string> Unfinished(FaultDisk disk) => disk.Paths.Where(
        path => Path.GetFileName(path) is "convert.json" or "convert.tmp" or "import.tmp" or "raft.db.tmp" or "raft.db.imported.tmp");

    /// <summary>Whether a node would be let start in a directory.</summary>
    public static async Task<bool> IsStartableAsync(FaultDisk disk, string directory)
    {
        try
        {
            StoreKind kind = WalIn(directory);
            await DataDirectory.RequireNoOtherAsync(directory, kind.Name, [kind], disk);
            return await kind.ExistsAsync(directory, disk);
        }
        catch (StoreException)
        {
            return false;
        }
    }

    /// <summary>Requires that a node that starts finds what the Go node had: the same record, entries, members and state.</summary>
    public static async Task RequireTakenOverAsync(GoldenNode node, FaultDisk disk, string directory, StoreKind kind, string context)
    {
        await using OpenStore store = await kind.OpenAsync(directory, disk);
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(directory, disk);
        await RequireTakenOverAsync(node, store, snapshots, context);
    }

    /// <summary>Requires that stores hold what the Go node had.</summary>
    public static async Task RequireTakenOverAsync(GoldenNode node, OpenStore store, FileSnapshotStore snapshots, string context)
    {
        await using BoltStore source = await BoltStore.OpenAsync(new MemorySource(node.Database));
        LogBatch entries = await source.Log.ReadAsync(source.Log.FirstIndex, source.Log.LastIndex, int.MaxValue);
        Assert.That((store.Log.FirstIndex, store.Log.LastIndex), Is.EqualTo((entries.FirstIndex, entries.LastIndex)), context);
        LogBatch taken = await store.Log.ReadAsync(entries.FirstIndex, entries.LastIndex, int.MaxValue);
        Assert.That(taken.Encoded.Span.SequenceEqual(entries.Encoded.Span), Is.True, context);
        Assert.That(await store.Stable.LoadAsync(), Is.EqualTo(new TermAndVote(node.Term, "n1", node.Address)), context);

        IReadOnlyList<SnapshotMeta> kept = await snapshots.ListAsync();
        Assert.That(kept.Select(s => s.Id), Is.EquivalentTo(node.Snapshots), context);
        IndexedConfiguration members = await RaftNode.ReadConfigurationAsync(store.Log, store.Stable, snapshots);
        Assert.That(
            members.Configuration.Servers.Select(s => $"{s.Id} {s.Address} {s.Suffrage}"), Is.EqualTo(node.Servers), context);
        Assert.That(await StateAsync(snapshots, kept[0], taken), Is.EqualTo(node.DumpSha256), context);
    }

    private const string StoreNamesWal = "wal";

    /// <summary>The fingerprint of the state: the newest snapshot, and the commands behind it.</summary>
    private static async Task<string> StateAsync(FileSnapshotStore snapshots, SnapshotMeta newest, LogBatch entries)
    {
        var fsm = new KvFsm();
        await using (ISnapshotSource source = await snapshots.OpenAsync(newest.Id))
        {
            byte[] state = new byte[newest.Size + 1];
            int length = 0;
            for (int read; (read = await source.ReadAsync(state.AsMemory(length))) > 0; length += read)
            {
            }

            using var stream = new MemoryStream(state, 0, length);
            await fsm.RestoreAsync(stream, CancellationToken.None);
        }

        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Index > newest.Index && entries[i].Type == LogType.Command)
            {
                fsm.Apply(entries[i]);
            }
        }

        return KvDump.Hash(fsm.Copy());
    }
}
