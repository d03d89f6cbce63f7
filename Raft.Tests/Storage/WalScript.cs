using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>A life of a log with all that a log can live through, step by step; and what it should hold after each.</summary>
internal sealed class WalScript
{
    public const string Directory = "/data";

    private readonly LogModel _model = new();

    /// <summary>The steps, in order.</summary>
    public static IReadOnlyList<Func<WalScript, ILogStore, Task>> Steps { get; } =
    [
        (script, log) => script.AppendAsync(log, count: 3, term: 1, bytes: 0),
        (script, log) => script.AppendAsync(log, count: 1, term: 1, bytes: 300),
        (script, log) => script.AppendAsync(log, count: 9, term: 2, bytes: 60),
        (script, log) => script.TruncateAsync(log, drop: 4),
        (script, log) => script.AppendAsync(log, count: 6, term: 3, bytes: 30),
        (script, log) => script.AppendAsync(log, count: 5, term: 3, bytes: 500),
        (script, log) => script.TruncateAsync(log, drop: 7),
        (script, log) => script.AppendAsync(log, count: 4, term: 4, bytes: 100),
        (script, log) => script.AppendAsync(log, count: 2, term: 4, bytes: 10),
        (script, log) => script.TruncateAsync(log, drop: 1),
        (script, log) => script.AppendAsync(log, count: 3, term: 5, bytes: 40),
        (script, log) => script.AppendAsync(log, count: 4, term: 5, bytes: 20),
    ];

    /// <summary>What the log should hold after the last step that ended.</summary>
    public IReadOnlyList<string> Held { get; private set; } = [];

    /// <summary>What it would hold after the step that did not end.</summary>
    public IReadOnlyList<string> Wanted { get; private set; } = [];

    public static WalOptions Options() => new() { SegmentBytes = 8192, NextSalt = new Salts(seed: 7).Next };

    public static ValueTask<WalStore> OpenAsync(FaultDisk disk) => WalStore.OpenAsync(Directory, disk, Options());

    /// <summary>Runs some of the steps on a new disk.</summary>
    public static async Task<(FaultDisk Disk, WalScript Script)> RunAsync(int steps)
    {
        var disk = new FaultDisk();
        var script = new WalScript();
        WalStore store = await OpenAsync(disk);
        for (int i = 0; i < steps; i++)
        {
            await Steps[i](script, store.Log);
        }

        return (disk, script);
    }

    /// <summary>All that a disk's log holds, and what it says when it is opened again after more was appended.</summary>
    public static async Task<List<string>> ContentAsync(FaultDisk disk)
    {
        WalStore store = await OpenAsync(disk);
        List<string> content = await TestEntries.AllAsync(store.Log);
        await store.DisposeAsync();
        return content;
    }

    /// <summary>
    /// Opens, appends, and opens again: what was there and what was appended must be there, and nothing else; nor may
    /// a tail that is torn once more be taken for damage.
    /// </summary>
    public static async Task RequireLifeGoesOnAsync(FaultDisk disk, IReadOnlyList<string> content, string context)
    {
        var expected = content.ToList();
        for (ulong round = 0; round < 2; round++)
        {
            WalStore store = await OpenAsync(disk);
            LogBatch more = TestEntries.Batch(store.Log.LastIndex + 1, count: 2, term: 90 + round, bytes: 25);
            await store.Log.AppendAsync(TestEntries.Append(more));
            await store.DisposeAsync();
            expected.AddRange([TestEntries.Text(more[0]), TestEntries.Text(more[1])]);
            (_, long offset, int length) = disk.LastWrite;

            disk = disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false);
            Assert.That(await ContentAsync(disk), Is.EqualTo(expected), context);

            FaultDisk torn = disk.Clone();
            torn.Content(torn.NewestSegment).AsSpan((int)offset + length - 20, 20).Clear();
            Assert.That(await ContentAsync(torn), Is.EqualTo(expected.SkipLast(1)), context);
        }
    }

    private async Task AppendAsync(ILogStore log, int count, ulong term, int bytes)
    {
        LogBatch batch = TestEntries.Batch(_model.LastIndex + 1, count, term, bytes);
        _model.Append(batch);
        Wanted = [.. _model.Entries];
        await log.AppendAsync(TestEntries.Append(batch));
        Held = Wanted;
    }

    private async Task TruncateAsync(ILogStore log, int drop)
    {
        ulong from = _model.LastIndex + 1 - (ulong)drop;
        _model.TruncateSuffix(from);
        Wanted = [.. _model.Entries];
        await log.TruncateSuffixAsync(from);
        Held = Wanted;
    }
}
