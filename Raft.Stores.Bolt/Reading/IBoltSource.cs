namespace Raft.Stores.Bolt.Reading;

/// <summary>The bytes of a file. Disposing closes it, and gives up what keeps others from it.</summary>
internal interface IBoltSource : IAsyncDisposable
{
    /// <summary>The path, for messages.</summary>
    string Path { get; }

    /// <summary>How many bytes it has.</summary>
    ValueTask<long> GetLengthAsync();

    /// <summary>Reads bytes; fewer than the buffer takes only where the file ends.</summary>
    ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer);
}
