using System.Text;
using Raft.Stores.LiteDb;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Stores;

/// <summary>A store on one simulated disk, whose power goes again and again.</summary>
/// <param name="seed">Makes it repeatable, apart from the turns of the store's thread.</param>
/// <param name="sectorBytes">What the disk writes whole or not at all.</param>
/// <param name="coverage">Counts what was met.</param>
internal sealed class LiteDbTrial(int seed, int sectorBytes, CutCoverage coverage)
{
    private const int ChangesMax = 300;

    private readonly Random _random = new(seed);
    private readonly StoreModel _model = new();

    // Few pages, so that many cuts meet a checkpoint.
    private readonly LiteDbOptions _options = new() { CheckpointPages = 25, CacheBytes = 30_000, NextSalt = new Salts(seed).Next };
    private FaultDisk _disk = new();
    private int _cut;

    private string Context => $"seed {seed}, sectors of {sectorBytes} bytes, cut {_cut}";

    /// <summary>Opens the store, checks what it holds, works, and cuts the power at some change of the disk.</summary>
    public async Task WorkUntilThePowerGoesAsync()
    {
        _cut++;
        _disk.FailFrom = _disk.Changes + _random.Next(1, _random.Next(4) == 0 ? 12 : ChangesMax);
        _disk.TornBytes = _random.Next(3) == 0 ? int.MaxValue : _random.Next(60_000);
        LiteDbStore? store = null;
        try
        {
            store = await OpenAsync();
            while (true)
            {
                await StepAsync(store);
                coverage.Acknowledged++;
            }
        }
        catch (Exception failure) when (failure is StoreException and not CorruptStoreException)
        {
            Assert.That(_disk.Changes, Is.GreaterThanOrEqualTo(_disk.FailFrom), $"it failed by itself: {failure} {Context}");
            coverage.CutWithinWrite += _model.Pending is null ? 0 : 1;
            coverage.CutAgainAtOpen += store is null ? 1 : 0;
        }

        SectorLoss loss = Enum.GetValues<SectorLoss>()[_random.Next(Enum.GetValues<SectorLoss>().Length)];
        FaultDisk left = _disk.AfterPowerCut(_random, sectorBytes, loss);
        await (store?.DisposeAsync() ?? ValueTask.CompletedTask);
        _disk = left;
    }

    /// <summary>Opens the store, checks what it holds, and works on a disk without faults, through several checkpoints and an opening.</summary>
    public async Task WorkOnAsync()
    {
        for (int round = 0; round < 2; round++)
        {
            await using LiteDbStore store = await OpenAsync();
            for (int step = 0; step < 30; step++)
            {
                await StepAsync(store);
            }
        }

        await using LiteDbStore last = await OpenAsync();
    }

    private async Task<LiteDbStore> OpenAsync()
    {
        LiteDbStore store = await LiteDbStore.OpenAsync("/data", _disk, _options);
        if (await _model.ReconcileAsync(new OpenedStore(store.Log, store.Stable), Context) is { } isThere)
        {
            coverage.WrittenUnacknowledged += isThere ? 1 : 0;
            coverage.NotWritten += isThere ? 0 : 1;
        }

        return store;
    }

    private async Task StepAsync(LiteDbStore store)
    {
        int choice = _random.Next(20);
        if (choice < 12 || _model.IsEmpty)
        {
            ulong first = store.Log.LastIndex != 0 ? store.Log.LastIndex + 1 : _model.IsEmpty ? (ulong)_random.Next(1, 1000) : 1;
            int bytes = _random.Next(4) == 0 ? _random.Next(3000) : _random.Next(200);
            LogBatch batch = TestEntries.Batch(first, _random.Next(1, 40), _model.Term, bytes);
            _model.Pending = new PendingWrite(Batch: batch);
            await store.Log.AppendAsync(TestEntries.Append(batch));
            _model.Append(batch);
        }
        else if (choice < 14)
        {
            var record = new TermAndVote(++_model.Term, $"n{_random.Next(5)}", $"a:{_random.Next(5)}");
            _model.Pending = new PendingWrite(Record: record);
            await store.Stable.SaveAsync(record);
            _model.Record = record;
        }
        else if (choice < 15)
        {
            byte[] value = Encoding.UTF8.GetBytes($"value {_random.Next()}");
            _model.Pending = new PendingWrite(Value: value);
            await store.Stable.SetAsync("key"u8.ToArray(), value);
            _model.Value = value;
        }
        else if (choice < 18)
        {
            ulong from = _model.First + (ulong)_random.NextInt64((long)(_model.Last - _model.First + 1));
            from = Math.Max(from, _model.Last > 60 ? _model.Last - 60 : 1);
            _model.Term++;
            _model.Pending = new PendingWrite(SuffixFrom: from);
            await store.Log.TruncateSuffixAsync(from);
            _model.TruncateSuffix(from);
        }
        else
        {
            ulong through = _model.First + (ulong)_random.NextInt64((long)(_model.Last - _model.First + 1));
            _model.Pending = new PendingWrite(PrefixThrough: through);
            await store.Log.TruncatePrefixAsync(through);
            _model.TruncatePrefix(through);
        }

        _model.Pending = null;
    }
}
