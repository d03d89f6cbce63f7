namespace Raft.Stores.LiteDb.Files;

/// <summary>A file of pages as LiteDB wants it: a stream. It is read and written in whole pages, on the caller's thread.</summary>
/// <remarks>LiteDB never disposes the streams that it is given; this one has nothing to dispose.</remarks>
internal abstract class PageStream : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => PageCount * DatabasePage.Bytes;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <summary>How many pages there are.</summary>
    protected abstract long PageCount { get; }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => Length,
    };

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (!IsPage(buffer.Length))
        {
            throw new StoreException($"{buffer.Length} bytes at {Position} were asked for, and only whole pages are read.");
        }

        ReadPage(Position / DatabasePage.Bytes, buffer);
        Position += buffer.Length;
        return buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!IsPage(buffer.Length))
        {
            throw Refuse($"{buffer.Length} bytes were to be written at {Position}, which is no page");
        }

        WritePage(Position / DatabasePage.Bytes, buffer);
        Position += buffer.Length;
    }

    /// <summary>Reads a page.</summary>
    protected abstract void ReadPage(long index, Span<byte> page);

    /// <summary>Writes a page.</summary>
    protected abstract void WritePage(long index, ReadOnlySpan<byte> page);

    /// <summary>Refuses what LiteDB is not known to do, and all that comes after.</summary>
    protected abstract StoreException Refuse(string what);

    private bool IsPage(int length) => length == DatabasePage.Bytes && Position % DatabasePage.Bytes == 0;
}
