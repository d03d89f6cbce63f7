namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// One request as the segments of one vectored send: an AppendEntries is a head and a tail around the batches' own bytes.
/// Owned by one connection, which uses it again for each request.
/// </summary>
/// <param name="dialect">Whose bytes.</param>
/// <param name="cluster">The cluster, which a connection's first request names; null for none.</param>
internal sealed class RequestFrame(WireDialect dialect = WireDialect.Go17, string? cluster = null)
{
    /// <summary>Shorter runs of entries are copied: a segment of a vectored send costs more than that.</summary>
    private const int CopiedBytesMax = 1024;
    private const int KeptBytesMax = 64 * 1024;

    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private byte[] _scratch = [];
    private string? _cluster = cluster;
    private int _start;
    private int _end;

    /// <summary>The bytes of the request, valid until the next one is encoded.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Segments => _segments;

    /// <summary>Encodes a request.</summary>
    /// <param name="request">The request; its entries' bytes are referred to, not copied.</param>
    public void Encode(RpcRequest request)
    {
        _segments.Clear();
        _start = _end = 0;
        if (request is AppendEntriesRequest append)
        {
            Append(append);
        }
        else
        {
            Reserve(RequestEncoder.BytesMax(request, _cluster));
            _end += RequestEncoder.Write(_scratch, request, dialect, _cluster);
        }

        CloseSegment();
        _cluster = null;
    }

    /// <summary>Lets go of the entries that the last request referred to.</summary>
    public void Clear() => _segments.Clear();

    private void Append(AppendEntriesRequest request)
    {
        IReadOnlyList<LogSlice>? slices = request.Entries;
        int count = slices is null ? -1 : 0;
        int copiedBytes = 0;
        for (int i = 0; i < slices?.Count; i++)
        {
            LogSlice slice = slices[i];
            count += slice.Count;
            int length = slice.Encoded.Length;
            copiedBytes += length < CopiedBytesMax ? length : 0;
        }

        // All scratch bytes are reserved at once, since segments refer to them.
        Reserve(RequestEncoder.BytesMax(request, _cluster) + copiedBytes);
        _end += RequestEncoder.WriteHead(_scratch, request, count, dialect, _cluster);
        for (int i = 0; i < slices?.Count; i++)
        {
            ReadOnlyMemory<byte> encoded = slices[i].Encoded;
            if (encoded.Length < CopiedBytesMax)
            {
                encoded.CopyTo(_scratch.AsMemory(_end));
                _end += encoded.Length;
            }
            else
            {
                CloseSegment();
                _segments.Add(encoded);
            }
        }

        _end += RequestEncoder.WriteTail(_scratch.AsSpan(_end), request, dialect);
    }

    private void CloseSegment()
    {
        if (_end > _start)
        {
            _segments.Add(_scratch.AsMemory(_start.._end));
            _start = _end;
        }
    }

    private void Reserve(int bytes)
    {
        if (_scratch.Length < bytes || (_scratch.Length > KeptBytesMax && bytes <= KeptBytesMax))
        {
            _scratch = new byte[Math.Max(bytes, 1024)];
        }
    }
}
