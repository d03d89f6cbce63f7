using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>
/// A life of all that a server keeps in its directory (log, term and vote, values, snapshots), drawn from a seed: what was
/// acknowledged, and what was under way when the disk failed.
/// </summary>
internal sealed class StoreLife
{
    private const int StepsMax = 60;
    private const int SnapshotBytes = 3000;

    private static readonly FileSnapshotOptions SnapshotOptions = new() { BufferBytes = FileSnapshotOptions.BufferBytesMin };
    private static readonly ReadOnlyMemory<byte> Key = "key"u8.ToArray();

    private readonly int _seed;
    private readonly Random _random;
    private readonly LogModel _model = new();
    private readonly List<(long Offset, int Length, IReadOnlyList<string> Held)> _logWrites = [];
    private ulong _term = 1;

    /// <summary>Lives on a disk until the steps are over or the disk fails.</summary>
    private StoreLife(int seed, FaultDisk disk)
    {
        _seed = seed;
        _random = new Random(seed);
        Disk = disk;
    }

    /// <summary>The disk.</summary>
    public FaultDisk Disk { get; }

    /// <summary>What the log held when the last call on it had ended, with what it was allowed to drop from the front.</summary>
    public IReadOnlyList<string> Held { get; private set; } = [];

    /// <summary>What it would hold after the call that did not end.</summary>
    public IReadOnlyList<string> Wanted { get; private set; } = [];

    /// <summary>How many of the first entries the log was allowed to drop; it may keep them.</summary>
    public int Droppable { get; private set; }

    /// <summary>Whether the call that did not end is an append, of which a part may be there.</summary>
    public bool IsAppending { get; private set; }

    /// <summary>The record that was saved last, and the one under way.</summary>
    public (TermAndVote? Saved, TermAndVote? Wanted) Record { get; private set; }

    /// <summary>The value that was set last, and the one under way.</summary>
    public (int Set, int Wanted) Value { get; private set; }

    /// <summary>The index of the snapshot that was committed last, and of the one under way.</summary>
    public (ulong Committed, ulong Begun) Snapshot { get; private set; }

    /// <summary>The commit index that was named by a write that had ended, and by the last one begun.</summary>
    public (ulong Noted, ulong Wanted) Commit { get; private set; }

    /// <summary>Where each durable write to the log stands, and what the log held behind it.</summary>
    public IReadOnlyList<(long Offset, int Length, IReadOnlyList<string> Held)> LogWrites => _logWrites;

    /// <summary>Whether a log's content is one that it held, except for what it was allowed to drop from the front and kept or dropped.</summary>
    public bool Matches(List<string> content, IReadOnlyList<string> held) =>
        content.Count <= held.Count && held.Count - content.Count <= Droppable
        && content.SequenceEqual(held.Skip(held.Count - content.Count));

    /// <summary>Whether it is one that an append leaves of which only the first entries came through.</summary>
    public bool MatchesPart(List<string> content, IReadOnlyList<string> before, IReadOnlyList<string> after) =>
        after.Count > before.Count && Enumerable.Range(1, after.Count - before.Count)
            .Any(part => Matches(content, [.. before, .. after.Skip(before.Count).Take(part)]));

    /// <summary>Lives a life.</summary>
    /// <param name="seed">Draws it.</param>
    /// <param name="failAt">The change to the disk that fails; none by default.</param>
    /// <param name="tornBytes">How many bytes of a write that fails are written.</param>
    /// <param name="mutation">A bug planted in the store.</param>
    public static async Task<StoreLife> LiveAsync(int seed, int failAt = int.MaxValue, int tornBytes = 0, WalMutation mutation = WalMutation.None)
    {
        var life = new StoreLife(seed, new FaultDisk { FailFrom = failAt, TornBytes = tornBytes });
        try
        {
            await life.RunAsync(mutation);
        }
        catch (StoreException)
        {
            // The power goes here.
        }

        return life;
    }

    /// <summary>The content of a snapshot.</summary>
    public byte[] SnapshotContent(ulong index) => TestSnapshots.Content(SnapshotBytes, _seed + (int)index);

    /// <summary>Opens the stores on a disk.</summary>
    public static async Task<(WalStore Wal, FileSnapshotStore Snapshots)> OpenAsync(
        FaultDisk disk, int seed, WalMutation mutation = WalMutation.None) =>
        (await WalStore.OpenAsync(
            WalScript.Directory, disk, new WalOptions { SegmentBytes = WalOptions.SegmentBytesMin, NextSalt = new Salts(seed).Next }, mutation),
         await FileSnapshotStore.OpenAsync(WalScript.Directory, disk, SnapshotOptions));

    /// <summary>Reads the value.</summary>
    public static async Task<int> ValueAsync(WalStore store) =>
        await store.Stable.GetAsync(Key) is { } bytes ? BitConverter.ToInt32(bytes) : 0;

    private async Task RunAsync(WalMutation mutation)
    {
        (WalStore wal, FileSnapshotStore snapshots) = await OpenAsync(Disk, _seed, mutation);
        int steps = _random.Next(5, StepsMax);
        for (int step = 0; step < steps; step++)
        {
            switch (_random.Next(12))
            {
                case 0 when _model.Count > 0:
                    await TruncateSuffixAsync(wal.Log);
                    break;
                case 1 when _model.Count > 4:
                    await TakeSnapshotAsync(wal.Log, snapshots);
                    break;
                case 2 or 3:
                    await SaveAsync(wal.Stable);
                    break;
                case 4:
                    Value = (Value.Set, Value.Set + 1);
                    await wal.Stable.SetAsync(Key, BitConverter.GetBytes(Value.Wanted));
                    Value = (Value.Wanted, Value.Wanted);
                    break;
                default:
                    await AppendAsync(wal.Log);
                    break;
            }
        }
    }

    private async Task AppendAsync(ILogStore log)
    {
        ulong next = _model.LastIndex + 1;
        _term = Math.Max(_term, _model.NextTerm(_random));
        LogBatch batch = TestEntries.Batch(next, _random.Next(1, 12), _term, bytes: _random.Next(3) == 0 ? _random.Next(900) : _random.Next(60));
        ulong commit = Math.Max(Commit.Noted, next - 1 - Math.Min(next - 1, (ulong)_random.Next(6)));
        Commit = (Commit.Noted, commit);
        _model.Append(batch);
        Wanted = [.. _model.Entries];
        IsAppending = true;
        await log.AppendAsync(TestEntries.Append(batch, commit));
        Ended();
        Commit = (commit, commit);
    }

    private async Task TruncateSuffixAsync(ILogStore log)
    {
        // What is committed is never dropped.
        ulong from = Math.Max(_model.LastIndex - Math.Min(_model.LastIndex - 1, (ulong)_random.Next(8)), Math.Max(Commit.Wanted, Snapshot.Committed) + 1);
        if (from <= _model.LastIndex)
        {
            _model.TruncateSuffix(from);
            Wanted = [.. _model.Entries];
            await log.TruncateSuffixAsync(from);
            Ended();
        }
    }

    private async Task TakeSnapshotAsync(ILogStore log, FileSnapshotStore snapshots)
    {
        ulong through = _model.LastIndex - (ulong)_random.Next(1, 4);
        if (through <= Snapshot.Committed)
        {
            return;
        }

        Snapshot = (Snapshot.Committed, through);
        await TestSnapshots.WriteAsync(snapshots, TestSnapshots.Point(_term, through), SnapshotContent(through));
        Snapshot = (through, through);
        ulong drop = through - Math.Min(through, (ulong)_random.Next(3));
        Droppable = Math.Max(Droppable, (int)drop);
        await log.TruncatePrefixAsync(drop);
    }

    private async Task SaveAsync(IStableStore stable)
    {
        _term++;
        var record = new TermAndVote(_term, _random.Next(2) == 0 ? "n1" : default, "127.0.0.1:1");
        Record = (Record.Saved, record);
        await stable.SaveAsync(record);
        Record = (record, record);
    }

    private void Ended()
    {
        Held = Wanted;
        IsAppending = false;
        _logWrites.Add((Disk.LastWrite.Offset, Disk.LastWrite.Length, Held));
    }
}
