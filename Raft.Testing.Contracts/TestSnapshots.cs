namespace Raft.Testing.Contracts;

/// <summary>Writes and reads snapshots whose content tells which they are.</summary>
internal static class TestSnapshots
{
    /// <summary>A place in the log, with a configuration of all kinds of members.</summary>
    public static SnapshotPoint Point(ulong term, ulong index) => new(
        index, term,
        new ClusterConfiguration(
            new Server("n1", "127.0.0.1:9001"), new Server("Knoten ä", "[::1]:7000"),
            new Server("n3", "127.0.0.1:9003", ServerSuffrage.Nonvoter)),
        ConfigurationIndex: index / 2);

    /// <summary>Bytes by a seed.</summary>
    public static byte[] Content(int size, int seed)
    {
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>Takes a snapshot.</summary>
    public static async Task<SnapshotMeta> WriteAsync(
        ISnapshotStore store, SnapshotPoint point, byte[] content, int pieceBytes = 1 << 16)
    {
        await using ISnapshotSink sink = await store.CreateAsync(point);
        for (int at = 0; at < content.Length; at += pieceBytes)
        {
            await sink.WriteAsync(content.AsMemory(at, Math.Min(pieceBytes, content.Length - at)));
        }

        return await sink.CommitAsync();
    }

    /// <summary>All bytes of a snapshot.</summary>
    public static async Task<byte[]> ReadAsync(ISnapshotStore store, string id, int pieceBytes = 1 << 16)
    {
        await using ISnapshotSource source = await store.OpenAsync(id);
        return await ReadAsync(source, pieceBytes);
    }

    /// <summary>All bytes that are left of an open snapshot.</summary>
    public static async Task<byte[]> ReadAsync(ISnapshotBody body, int pieceBytes = 1 << 16)
    {
        using var all = new MemoryStream();
        byte[] piece = new byte[pieceBytes];
        for (int read = await body.ReadAsync(piece); read > 0; read = await body.ReadAsync(piece))
        {
            all.Write(piece, 0, read);
        }

        return all.ToArray();
    }
}
