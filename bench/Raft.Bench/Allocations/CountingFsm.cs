namespace Raft.Bench.Allocations;

/// <summary>Answers nothing, and counts the bytes of the entries.</summary>
internal sealed class CountingFsm : IFsm
{
    private long _entryBytes;
    private long _groups;
    private ReadOnlyMemory<byte> _last;

    /// <summary>Bytes of the entries applied.</summary>
    public long EntryBytes => Volatile.Read(ref _entryBytes);

    /// <summary>How often an entry did not lie right behind the one before: the groups in which they were appended.</summary>
    public long Groups => Volatile.Read(ref _groups);

    public object? Apply(LogEntry entry)
    {
        ReadOnlyMemory<byte> encoded = entry.Encoded;
        bool isBehind = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(encoded, out ArraySegment<byte> here)
            && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(_last, out ArraySegment<byte> before)
            && here.Array == before.Array;
        _last = encoded;
        Volatile.Write(ref _groups, _groups + (isBehind ? 0 : 1));
        Volatile.Write(ref _entryBytes, _entryBytes + encoded.Length);
        return null;
    }

    public IFsmSnapshot Snapshot() => throw new NotSupportedException("None is taken.");

    public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => Task.CompletedTask;
}
