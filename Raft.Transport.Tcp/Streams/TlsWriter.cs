using System.Buffers;
using System.Net.Security;
using System.Runtime.CompilerServices;

namespace Raft.Transport.Tcp;

/// <summary>Sends segments in few TLS records and few calls of the system. Used by one task at a time.</summary>
internal sealed class TlsWriter(SslStream ssl, ConnectionStream stream)
{
    /// <summary>The most that one record carries (RFC 8446, 5.1).</summary>
    private const int RecordBytesMax = 16 * 1024;

    /// <summary>How much is encrypted before it is sent: the ciphertext of a larger send goes out in pieces of this size.</summary>
    private const int HeldBytesMax = 64 * 1024;

    /// <summary>What a record takes beside its bytes, with room to spare.</summary>
    private const int RecordOverheadBytes = 128;

    /// <summary>Sends all bytes of all segments.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        long total = 0;
        for (int i = 0; i < segments.Count; i++)
        {
            total += segments[i].Length;
        }

        if (total <= RecordBytesMax)
        {
            await WriteRecordAsync(segments, 0, segments.Count, (int)total).ConfigureAwait(false);
            return;
        }

        stream.Hold((int)Math.Min(total + (RecordOverheadBytes * (segments.Count + 1 + (total / RecordBytesMax))), HeldBytesMax));
        try
        {
            await WriteRecordsAsync(segments).ConfigureAwait(false);
            await stream.ReleaseAsync().ConfigureAwait(false);
        }
        finally
        {
            stream.EndHold();
        }
    }

    // Small segments in a row share a record; one that fills a record by itself is encrypted from where it lies.
    private async ValueTask WriteRecordsAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        int from = 0;
        int bytes = 0;
        for (int i = 0; i < segments.Count; i++)
        {
            if (i > from && bytes + segments[i].Length > RecordBytesMax)
            {
                await WriteRecordAsync(segments, from, i, bytes).ConfigureAwait(false);
                (from, bytes) = (i, 0);
            }

            bytes += segments[i].Length;
        }

        await WriteRecordAsync(segments, from, segments.Count, bytes).ConfigureAwait(false);
    }

    private async ValueTask WriteRecordAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments, int from, int to, int bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        if (to - from == 1)
        {
            await ssl.WriteAsync(segments[from]).ConfigureAwait(false);
            return;
        }

        byte[] gathered = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            int at = 0;
            for (int i = from; i < to; at += segments[i++].Length)
            {
                segments[i].CopyTo(gathered.AsMemory(at));
            }

            await ssl.WriteAsync(gathered.AsMemory(0, bytes)).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }
}
