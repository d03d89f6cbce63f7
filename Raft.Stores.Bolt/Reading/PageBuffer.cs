namespace Raft.Stores.Bolt.Reading;

/// <summary>Bytes that are used again for one page after the other. Owned by whoever reads.</summary>
internal sealed class PageBuffer
{
    private byte[] _bytes = [];

    /// <summary>What was asked for last.</summary>
    public Memory<byte> Bytes { get; private set; }

    /// <summary>Makes room; what stood there before is over.</summary>
    public Memory<byte> Take(int bytes)
    {
        if (_bytes.Length < bytes)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return Bytes = _bytes.AsMemory(0, bytes);
    }

    /// <summary>Makes room for more behind what is there.</summary>
    public void Grow(int bytes)
    {
        if (_bytes.Length < bytes)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(bytes);
            Bytes.CopyTo(larger);
            _bytes = larger;
        }

        Bytes = _bytes.AsMemory(0, bytes);
    }
}
