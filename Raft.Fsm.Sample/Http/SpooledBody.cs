namespace Raft.Fsm.Sample.Http;

/// <summary>
/// A body in a temporary file: it can be looked at before it is used, sent on, and read again where an attempt failed.
/// Disposing it removes the file.
/// </summary>
internal sealed class SpooledBody : IDisposable
{
    private readonly string _path;

    private SpooledBody(string path, long length)
    {
        _path = path;
        Length = length;
    }

    /// <summary>How many bytes it has.</summary>
    public long Length { get; }

    /// <summary>Writes a stream into a file.</summary>
    /// <param name="source">The stream, read to its end.</param>
    /// <param name="bytesMax">The most that is taken.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <exception cref="ApiException">There is more.</exception>
    public static async Task<SpooledBody> TakeAsync(Stream source, long bytesMax, CancellationToken cancellationToken)
    {
        string path = Path.Combine(Path.GetTempPath(), $"raftkv-{Guid.NewGuid():N}");
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            byte[] buffer = new byte[128 << 10];
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (file.Position + read > bytesMax)
                {
                    throw ApiException.TooLarge($"the body is larger than the {bytesMax} bytes that are taken here");
                }

                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            return new SpooledBody(path, file.Position);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens it for reading, owned by the caller.</summary>
    public Stream Open() => new FileStream(_path, new FileStreamOptions
    {
        Share = FileShare.Read | FileShare.Delete,
        Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
    });

    public void Dispose() => File.Delete(_path);
}
