namespace Raft.Stores.Bolt.Reading;

/// <summary>A file that was opened by others, who see to it that nobody writes it.</summary>
internal sealed class DiskFileSource(IDiskFile file) : IBoltSource
{
    // A page at a time is read: to come back to a scheduler after each would take longer than the reading.
    private readonly IBlockingDiskFile? _blocking = file as IBlockingDiskFile;

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public ValueTask<long> GetLengthAsync() => file.GetLengthAsync();

    /// <inheritdoc/>
    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => _blocking is null
        ? file.ReadAtAsync(offset, buffer)
        : ValueTask.FromResult(_blocking.ReadAt(offset, buffer.Span));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => file.DisposeAsync();
}
