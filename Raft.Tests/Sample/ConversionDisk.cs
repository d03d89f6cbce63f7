using Raft.Fsm.Sample.Conversion;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>A node's directory on a disk that fails where a test says so, the stores that may be in it, and what they hold.</summary>
internal static class ConversionDisk
{
    public const string Directory = "/data";

    /// <summary>A write-ahead log in small segments.</summary>
    public static StoreKind Wal { get; } = WalIn(StoreNames.Wal, Directory);

    /// <summary>A store on disk that is another one, and needs no LiteDB: a write-ahead log elsewhere.</summary>
    public static StoreKind Second { get; } = WalIn("second", $"{Directory}/second");

    /// <summary>LiteDB with salts of a seed.</summary>
    public static StoreKind LiteDb { get; } = StoreKind.LiteDb with
    {
        OpenAsync = static async (directory, disk) =>
        {
            LiteDbStore store = await LiteDbStore.OpenAsync(
                directory, disk, new LiteDbOptions { NextSalt = new Salts(seed: 9).Next, CheckpointPages = LiteDbOptions.CheckpointPagesMin });
            return new OpenStore(store.Log, store.Stable, store);
        },
    };

    /// <summary>A directory whose store has a bit of everything.</summary>
    public static async Task<FaultDisk> FilledAsync(StoreKind kind)
    {
        var disk = new FaultDisk();
        await disk.CreateDirectoryAsync(Directory);
        await using (OpenStore store = await kind.OpenAsync(Directory, disk))
        {
            await store.Stable.SaveAsync(new TermAndVote(2, "n2", "127.0.0.1:7002"));
            await store.Stable.SetAsync("raft/rejoin"u8.ToArray(), new byte[16]);
            await store.Stable.SetAsync("mine"u8.ToArray(), "value"u8.ToArray());
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 1, count: 4, term: 1, bytes: 400)));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 5, count: 6, term: 2, bytes: 700), commitIndex: 4));
            await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(firstIndex: 11, count: 1, term: 2), commitIndex: 9));
            await store.Stable.SaveAsync(new TermAndVote(7, "n1", "127.0.0.1:7001"));
        }

        return disk.Clone();
    }

    /// <summary>All that a store holds, in words; the store is opened for it.</summary>
    public static async Task<List<string>> ContentAsync(StoreKind kind, FaultDisk disk)
    {
        await using OpenStore store = await kind.OpenAsync(Directory, disk);
        List<string> content = [$"{await store.Stable.LoadAsync()}", $"commit {((ICommitHint)store.Log).KnownCommitIndex}"];
        foreach (byte[] key in await ((IStableKeys)store.Stable).ListKeysAsync())
        {
            content.Add($"{Convert.ToHexString(key)} {Convert.ToHexString((await store.Stable.GetAsync(key))!)}");
        }

        content.AddRange(await TestEntries.AllAsync(store.Log));
        return content;
    }

    /// <summary>Runs a conversion.</summary>
    public static Task<string> ConvertAsync(StoreKind from, StoreKind to, FaultDisk disk) =>
        new StoreConversion(from, to, Directory, disk, new ConversionProgress(TextWriter.Null)).RunAsync();

    /// <summary>A write-ahead log in small segments, in a directory.</summary>
    public static StoreKind WalIn(string name, string directory) => new(
        name,
        (_, disk) => WalStore.ExistsAsync(directory, disk),
        async (_, disk) =>
        {
            WalStore store = await WalStore.OpenAsync(
                directory, disk, new WalOptions { SegmentBytes = WalOptions.SegmentBytesMin, NextSalt = new Salts(seed: 7).Next });
            return new OpenStore(store.Log, store.Stable, store);
        },
        (_, disk) => WalStore.DeleteAsync(directory, disk));
}
