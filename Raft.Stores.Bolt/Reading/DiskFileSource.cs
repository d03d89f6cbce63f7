namespace Raft.Stores.Bolt.Reading;

/// <summary>A file that was opened by others, who see to it that nobody writes it.</summary>
internal sealed class DiskFileSource(IDiskFile file) : IBoltSource
{
    /// <inheritdoc/>
    public string Path => file.Path;

    /// <inheritdoc/>
    public ValueTask<long> GetLengthAsync() => file.GetLengthAsync();

    /// <inheritdoc/>
    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer) => file.ReadAtAsync(offset, buffer);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => file.DisposeAsync();
}
