using System.Buffers.Binary;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>
/// The registers once more, kept on the server's disk too: written behind the entries, in one of two places in turn, so that one
/// of them is whole whatever a crash does. What is found there may be far behind what was applied.
/// </summary>
internal sealed class DurableRegisterFsm : RegisterFsm, IDurableFsm
{
    private const string Directory = "/registers";
    private const string Path = Directory + "/state";
    private const int PlaceBytes = 4096;
    private const int HeadBytes = 3 * sizeof(ulong);
    private const int UsedBytes = HeadBytes + StateBytes + sizeof(ulong);
    private const double LagShare = 0.05;
    private const int LagMax = 150;

    private SimRandom? _random;
    private SimProcess? _process;
    private IDiskFile? _file;
    private ulong _number;
    private bool _isWriting;
    private bool _isDue;
    private int _lag;

    public AppliedPoint Applied { get; private set; }

    /// <summary>Opens what a server has of it. One that is not opened keeps nothing.</summary>
    /// <param name="disk">Its disk.</param>
    /// <param name="process">What runs there.</param>
    /// <param name="random">Decides how far the disk is behind.</param>
    public async Task OpenAsync(IDisk disk, SimProcess process, SimRandom random)
    {
        await disk.CreateDirectoryAsync(Directory);
        _random = random;
        _process = process;
        _file = await disk.OpenAsync(Path, DiskOpenMode.ExistingOrNew);

        // What an earlier process wrote counts only once it would survive a power cut.
        await _file.SyncDataAsync();
        await disk.SyncDirectoryAsync(Directory);
        await ReadAsync(place: 0);
        await ReadAsync(place: 1);
    }

    object? IFsm.Apply(LogEntry entry)
    {
        object? answer = Apply(entry);
        Keep(new AppliedPoint(entry.Index, entry.Term));
        return answer;
    }

    public async Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken)
    {
        await RestoreAsync(snapshot, cancellationToken);
        Keep(at);
    }

    private void Keep(AppliedPoint at)
    {
        Applied = at;
        if (_file is null)
        {
            return;
        }

        // Now and then many entries pass before the next is written.
        _lag = _lag > 0 ? _lag - 1 : _random!.Chance(LagShare) ? _random.Next(LagMax) : 0;
        _isDue = _lag == 0;
        if (_isDue && !_isWriting)
        {
            _isWriting = true;
            _ = _process!.Start(WriteAsync);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (_isDue)
            {
                _isDue = false;
                byte[] bytes = Encode(++_number);
                await _file!.WriteAndSyncAsync((long)(_number % 2) * PlaceBytes, bytes);
            }

            _isWriting = false;
        }
        catch (IOException)
        {
            // Nobody knows what stands there now. The other place is whole, and nothing is written to it in this life.
        }
    }

    private byte[] Encode(ulong number)
    {
        byte[] bytes = new byte[UsedBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(sizeof(ulong)), Applied.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(2 * sizeof(ulong)), Applied.Term);
        State().AsSpan(0, StateBytes).CopyTo(bytes.AsSpan(HeadBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(UsedBytes - sizeof(ulong)), SumOf(bytes));
        return bytes;
    }

    private async Task ReadAsync(int place)
    {
        byte[] bytes = new byte[UsedBytes];
        int read = await _file!.ReadAtAsync(place * PlaceBytes, bytes);
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (read < UsedBytes || number <= _number
            || SumOf(bytes) != BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(UsedBytes - sizeof(ulong))))
        {
            return;
        }

        _number = number;
        Applied = new AppliedPoint(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(sizeof(ulong))),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(2 * sizeof(ulong))));
        Load(bytes.AsSpan(HeadBytes, StateBytes));
    }

    private static ulong SumOf(byte[] bytes) => Mix.Of(bytes.AsSpan(0, UsedBytes - sizeof(ulong)));
}
