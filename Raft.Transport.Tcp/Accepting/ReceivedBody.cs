using System.Buffers;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// The bytes of a snapshot, read straight from the connection as the request's handler asks for them: a handler that
/// reads slowly holds back the sender. Owned by the <see cref="AcceptedConnection"/>.
/// </summary>
/// <remarks>
/// Until it is released the connection's receiving side belongs to the handler; from then on to the connection's reader
/// again. It is released by the last byte, by the answer, or by the connection's end. A lock serves here: the answer and
/// the end come from any thread, and must not wait for a read.
/// </remarks>
/// <param name="buffer">Where the first bytes may be already.</param>
/// <param name="receive">Receives more, past the buffer.</param>
/// <param name="size">How many bytes there are.</param>
/// <param name="onAnswered">Called once, when the request is answered.</param>
internal sealed class ReceivedBody(
    ReceiveBuffer buffer, Func<Memory<byte>, ValueTask<int>> receive, long size, Action onAnswered) : ISnapshotBody
{
    private const int DrainedBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left = size;
    private bool _isReading;
    private bool _isAnswered;
    private bool _isAnswerHeld;
    private string? _end;

    /// <summary>Completes when the connection's reader may go on.</summary>
    public Task Released
    {
        get
        {
            lock (_gate)
            {
                return _left == 0 && !_isReading ? Task.CompletedTask : _released.Task;
            }
        }
    }

    /// <summary>Why no more bytes come; null unless the connection ended within them.</summary>
    public string? Failure
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            throw new ArgumentException("There is no room for a byte.", nameof(buffer));
        }

        if (!TryBeginRead())
        {
            return 0;
        }

        int count = 0;
        string end = "it was closed within the snapshot";
        try
        {
            count = await TakeAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Whatever the stream throws, the handler learns that its snapshot is not whole.
            end = exception.Message;
        }

        EndRead(count, end);
        return count > 0 ? count : throw Broken();
    }

    /// <summary>The request was answered: the handler reads no more.</summary>
    /// <returns>Whether the answer may go out; if not, the reader passes over the rest first.</returns>
    public bool Answered()
    {
        onAnswered();
        lock (_gate)
        {
            _isAnswered = true;
            _isAnswerHeld = _left > 0;
            if (!_isReading)
            {
                _released.TrySetResult();
            }

            return !_isAnswerHeld;
        }
    }

    /// <summary>Takes what the handler left, and holds it nowhere. By the connection's reader, once released.</summary>
    /// <returns>Whether the answer was held back until now.</returns>
    /// <exception cref="IOException">The connection ended.</exception>
    public async ValueTask<bool> DrainAsync()
    {
        if (Failure is { } failure)
        {
            throw new IOException(failure);
        }

        if (_left > 0)
        {
            byte[] scratch = ArrayPool<byte>.Shared.Rent(DrainedBytes);
            while (_left > 0)
            {
                int count = await TakeAsync(scratch).ConfigureAwait(false);
                _left -= count > 0 ? count : throw new IOException("it was closed within the snapshot");
            }

            // Not after a failure: something may still be received into it.
            ArrayPool<byte>.Shared.Return(scratch);
        }

        return _isAnswerHeld;
    }

    /// <summary>The connection ends: nobody waits for the handler any more.</summary>
    public void End(string reason)
    {
        lock (_gate)
        {
            _end ??= _left > 0 ? reason : null;
            _released.TrySetResult();
        }
    }

    private bool TryBeginRead()
    {
        lock (_gate)
        {
            if (_isReading)
            {
                throw new InvalidOperationException("A snapshot is read by one task at a time.");
            }

            if (_left == 0)
            {
                return false;
            }

            if (_end is not null)
            {
                throw Broken();
            }

            return !_isAnswered
                ? _isReading = true
                : throw new InvalidOperationException(
                    "The request was answered: what is left of the snapshot is passed over.");
        }
    }

    private void EndRead(int count, string end)
    {
        lock (_gate)
        {
            _isReading = false;
            _left -= count;
            _end ??= count == 0 ? end : null;
            if (_left == 0 || _isAnswered || _end is not null)
            {
                _released.TrySetResult();
            }
        }
    }

    private async ValueTask<int> TakeAsync(Memory<byte> destination)
    {
        int count = (int)Math.Min(destination.Length, _left);
        if (buffer.UnreadBytes == 0)
        {
            return await receive(destination[..count]).ConfigureAwait(false);
        }

        count = Math.Min(count, buffer.UnreadBytes);
        buffer.Unread[..count].CopyTo(destination.Span);
        buffer.Use(count);
        return count;
    }

    private TransportException Broken() =>
        new(TransportFailure.Broken, $"the connection ended with {_left} bytes of the snapshot to come: {_end}");
}
