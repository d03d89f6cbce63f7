using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>One database, one life that a power cut ends, sometimes some more that end while it recovers, and one that does not end.</summary>
internal sealed class LiteDbPowerCutTrial(int seed, int sectorBytes)
{
    private const string InCreation = "cut in creation";
    private const string InCheckpoint = "cut in a checkpoint";
    private const string InTransaction = "cut in a transaction";
    private const string InRecovery = "cut in recovery";
    private const string InSecondRecovery = "cut in recovery twice";
    private const string TornFrame = "torn frame dropped";
    private const string TornRecord = "generation record torn";
    private const string Redone = "frames redone";
    private const string UnacknowledgedKept = "unacknowledged transaction kept";
    private const string UnacknowledgedLost = "unacknowledged transaction lost";

    private const int RecoveriesMax = 3;
    private const uint PagesMax = 60;

    private readonly Random _random = new(seed);
    private readonly Salts _salts = new(seed);
    private readonly string _context = $"seed {seed}, sectors of {sectorBytes}";
    private readonly HashSet<string> _seen = [];
    private FaultDisk _disk = new();
    private SortedDictionary<uint, uint> _acknowledged = LiteDbPager.Fresh;
    private SortedDictionary<uint, uint>? _asked;
    private uint _version = 1;

    /// <summary>All that can be seen.</summary>
    public static IReadOnlyList<string> Places { get; } =
    [
        InCreation, InCheckpoint, InTransaction, InRecovery, InSecondRecovery, TornFrame, TornRecord, Redone, UnacknowledgedKept,
        UnacknowledgedLost,
    ];

    /// <summary>Runs it.</summary>
    /// <returns>What was seen.</returns>
    public async Task<IReadOnlyCollection<string>> RunAsync()
    {
        await LiveAsync();
        CutPower();
        string[] recoveries = [InRecovery, InSecondRecovery, InSecondRecovery];
        for (int i = 0; i < RecoveriesMax && _random.Next(2) == 0 && !await TryRecoverAsync(recoveries[i]); i++)
        {
            CutPower();
        }

        _disk.KillProcess();
        LiteDbPager pager = await RequireRightAsync();
        for (int i = 0; i < 5; i++)
        {
            Commit(pager);
        }

        pager.Checkpoint();
        Require(_acknowledged, pager.ReadAll(_context));
        Commit(pager);
        _disk = _disk.AfterPowerCut(_random, sectorBytes, SectorLoss.All);
        Require(_acknowledged, (await OpenAsync()).ReadAll(_context));
        return _seen;
    }

    private async Task LiveAsync()
    {
        bool isCreationCut = _random.Next(8) == 0;
        FailAt(isCreationCut ? _random.Next(1, 40) : int.MaxValue);
        LiteDbPager? pager = null;
        try
        {
            pager = await OpenAsync();
            FailAt(_disk.Changes + _random.Next(1, 200));
            int checkpointPages = _random.Next(6, 30);
            while (true)
            {
                Commit(pager);
                if (pager.LogPages > checkpointPages)
                {
                    pager.Checkpoint();
                }
            }
        }
        catch (Exception failure) when (failure is StoreException or IOException)
        {
            _seen.Add(pager is null ? InCreation : pager.IsCheckpointing ? InCheckpoint : InTransaction);
        }
    }

    private async Task<bool> TryRecoverAsync(string place)
    {
        FailAt(_disk.Changes + _random.Next(1, 30));
        try
        {
            await OpenAsync();
            return true;
        }
        catch (Exception failure) when (failure is (StoreException or IOException) and not CorruptStoreException)
        {
            _seen.Add(place);
            return false;
        }
    }

    private async Task<LiteDbPager> RequireRightAsync()
    {
        LiteDbPager pager = await OpenAsync();
        if (pager.Files!.WasTailTorn)
        {
            _seen.Add(TornFrame);
        }

        if (pager.Files.RecoveredTransactionCount > 0)
        {
            _seen.Add(Redone);
        }

        SortedDictionary<uint, uint> held = pager.ReadAll(_context);
        if (_asked is not null)
        {
            bool isKept = held.SequenceEqual(_asked);
            _seen.Add(isKept ? UnacknowledgedKept : UnacknowledgedLost);
            _acknowledged = isKept ? _asked : _acknowledged;
        }

        Require(_acknowledged, held);
        return pager;
    }

    private Task<LiteDbPager> OpenAsync() => LiteDbPager.OpenAsync(_disk, _salts.Next);

    private void Commit(LiteDbPager pager)
    {
        _version++;
        uint pageCount = _acknowledged.Keys.Max() + 1;
        var ids = new SortedSet<uint>();
        for (int i = _random.Next(1, 13); i > 0; i--)
        {
            ids.Add((uint)_random.Next((int)pageCount));
        }

        for (int i = pageCount < PagesMax ? _random.Next(4) : 0; i > 0; i--)
        {
            ids.Add(pageCount++);
        }

        _asked = new SortedDictionary<uint, uint>(_acknowledged);
        foreach (uint id in ids)
        {
            _asked[id] = _version;
        }

        // LiteDB writes its header, page 0, behind the others.
        pager.Commit(ids.Reverse(), _version);
        _acknowledged = _asked;
        _asked = null;
    }

    private void FailAt(int change)
    {
        _disk.FailFrom = change;
        _disk.TornBytes = _random.Next(4) switch
        {
            0 => 0,
            1 => int.MaxValue,
            _ => _random.Next(100_000),
        };
    }

    private void CutPower()
    {
        _disk = _disk.AfterPowerCut(_random, sectorBytes, (SectorLoss)_random.Next(5));
        if (_disk.Paths.Contains(LiteDbPager.Frames))
        {
            ReadOnlySpan<byte> slots = _disk.Peek(LiteDbPager.Frames)[..16384];
            if (!slots[..4096].SequenceEqual(slots[4096..8192]) || !slots[8192..12288].SequenceEqual(slots[12288..]))
            {
                _seen.Add(TornRecord);
            }
        }
    }

    private void Require(SortedDictionary<uint, uint> expected, SortedDictionary<uint, uint> held)
    {
        if (!held.SequenceEqual(expected))
        {
            Assert.Fail($"{_context}: held {Text(held)}, expected {Text(expected)}");
        }
    }

    private static string Text(SortedDictionary<uint, uint> versions) =>
        string.Join(' ', versions.Select(page => $"{page.Key}:{page.Value}"));
}
