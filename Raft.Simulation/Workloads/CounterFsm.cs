using System.Buffers.Binary;

namespace Raft.Simulation.Workloads;

/// <summary>One counter a client, without any protection against commands that come twice; the answer is the new count.</summary>
internal class CounterFsm : IFsm
{
    private const int RecordBytes = sizeof(int) + sizeof(long);

    private readonly SortedDictionary<int, long> _counts = [];

    /// <summary>How often each client's counter was incremented, by the clients' numbers.</summary>
    public IReadOnlyDictionary<int, long> Counts => _counts;

    /// <summary>A command that increments a client's counter by 1.</summary>
    public static byte[] Increment(int client) => BitConverter.GetBytes(client);

    /// <summary>The count in an answer.</summary>
    public static long CountOf(ReadOnlyMemory<byte> answer) => BinaryPrimitives.ReadInt64LittleEndian(answer.Span);

    /// <summary>A client's count.</summary>
    public long Of(int client) => _counts.GetValueOrDefault(client);

    /// <inheritdoc/>
    public object? Apply(LogEntry entry)
    {
        int client = BinaryPrimitives.ReadInt32LittleEndian(entry.Data.Span);
        long count = Of(client) + 1;
        _counts[client] = count;
        return BitConverter.GetBytes(count);
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot()
    {
        byte[] state = new byte[_counts.Count * RecordBytes];
        int at = 0;
        foreach ((int client, long count) in _counts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(state.AsSpan(at), client);
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(at + sizeof(int)), count);
            at += RecordBytes;
        }

        return new Held(state);
    }

    /// <inheritdoc/>
    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        _counts.Clear();
        byte[] record = new byte[RecordBytes];
        while (await snapshot.ReadAtLeastAsync(record, RecordBytes, throwOnEndOfStream: false, cancellationToken) == RecordBytes)
        {
            _counts.Add(
                BinaryPrimitives.ReadInt32LittleEndian(record),
                BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(sizeof(int))));
        }
    }

    private sealed class Held(byte[] state) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(state, cancellationToken);

        public void Dispose()
        {
        }
    }
}
