using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// One connection's answers, sent in the order of the requests; all that are ready go out in one send. Requests are
/// added by the connection's reader, answered from any thread, and sent by at most one task at a time.
/// </summary>
/// <remarks>
/// A lock serves here: an answer comes from whatever thread, must not wait, and has to find out at once whether someone
/// is sending already.
/// </remarks>
internal sealed class AnswerQueue(
    IStreamConnection connection, DecodingBudget budget, BudgetShare share, int unansweredMax, TimeProvider time,
    Action<Exception> onFailed) : IThreadPoolWorkItem
{
    /// <summary>What is ready beyond this goes out with the next send.</summary>
    private const int SendBytesMax = 64 * 1024;

    private const int FirstBufferBytes = 512;

    private readonly Lock _gate = new();
    private readonly Queue<TcpIncomingRpc> _queue = new();
    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private byte[] _buffer = [];
    private int _length;
    private bool _isSending;
    private bool _isHeld;
    private bool _isStopped;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _idle;
    private long _sendingSince;

    /// <summary>What the requests hold whose answers are being sent. Owned by the sending task.</summary>
    private long _sendingBytes;

    /// <summary>When the send that is under way began, by the clock's timestamp; 0 while none is.</summary>
    public long SendingSince => Volatile.Read(ref _sendingSince);

    /// <summary>Keeps answers back until <see cref="Flush"/>: the reader is about to deliver all that it has.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            _isHeld = true;
        }
    }

    /// <summary>Sends what is ready, on the reader's own thread, so that requests answered at once need no other.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _isHeld = false;
            if (!TryBeginSending())
            {
                return;
            }
        }

        _ = SendAsync();
    }

    /// <summary>Adds a request behind those that wait.</summary>
    /// <returns>Whether there is room for more; if not, <see cref="WaitForRoomAsync"/>.</returns>
    public bool Add(TcpIncomingRpc rpc)
    {
        lock (_gate)
        {
            // Once stopped, the answer gives the bytes back: in the queue, another stop would do so again.
            if (!_isStopped)
            {
                _queue.Enqueue(rpc);
            }

            return _queue.Count < unansweredMax;
        }
    }

    /// <summary>Waits until fewer requests wait for their answers than are allowed.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            if (_queue.Count < unansweredMax || _isStopped)
            {
                return Task.CompletedTask;
            }

            _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Takes an answer. From any thread; neither waits nor throws.</summary>
    public void Answered(TcpIncomingRpc rpc)
    {
        bool isStopped;
        bool begins = false;
        lock (_gate)
        {
            rpc.IsAnswered = true;
            isStopped = _isStopped;
            if (!isStopped && !_isHeld)
            {
                begins = TryBeginSending();
            }
        }

        if (isStopped)
        {
            budget.Release(share, rpc.Bytes);
        }
        else if (begins)
        {
            // Not here: by the time a pool thread comes, more answers may be ready, and the caller has other work.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
    }

    /// <summary>Ends the queue: later answers go nowhere, and nobody waits for room. The connection was disposed before.</summary>
    public void Stop()
    {
        long dropped = 0;
        lock (_gate)
        {
            _isStopped = true;
            _room?.TrySetResult();
            dropped = _queue.Where(static rpc => rpc.IsAnswered).Sum(static rpc => rpc.Bytes);
            _queue.Clear();
        }

        budget.Release(share, dropped);
    }

    /// <summary>Waits until nothing is being sent any more.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (!_isSending)
            {
                return Task.CompletedTask;
            }

            _idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync();

    private bool TryBeginSending() =>
        !_isSending && !_isStopped && _queue.TryPeek(out TcpIncomingRpc? head) && head.IsAnswered && (_isSending = true);

    private async Task SendAsync()
    {
        try
        {
            while (Gather())
            {
                _segments.Clear();
                _segments.Add(_buffer.AsMemory(0, _length));
                Volatile.Write(ref _sendingSince, time.GetTimestamp() | 1);
                await connection.SendAsync(_segments).ConfigureAwait(false);
                Volatile.Write(ref _sendingSince, 0);
                ReleaseSent();
                if (_buffer.Length > 2 * SendBytesMax)
                {
                    _buffer = [];
                }
            }
        }
        catch (Exception exception)
        {
            // Whatever it is, the connection is of no more use; its reader ends with it.
            try
            {
                onFailed(exception);
            }
            finally
            {
                EndFailedSend();
            }
        }
    }

    private void EndFailedSend()
    {
        Volatile.Write(ref _sendingSince, 0);
        ReleaseSent();
        lock (_gate)
        {
            _isSending = false;
            _idle?.TrySetResult();
        }
    }

    private void ReleaseSent()
    {
        budget.Release(share, _sendingBytes);
        _sendingBytes = 0;
    }

    /// <summary>Encodes the answers at the head of the queue that are ready.</summary>
    /// <returns>Whether there were any; if not, nobody sends any more.</returns>
    private bool Gather()
    {
        bool isAny = false;
        _length = 0;
        lock (_gate)
        {
            while (_length < SendBytesMax && !_isStopped && _queue.TryPeek(out TcpIncomingRpc? head) && head.IsAnswered)
            {
                _queue.Dequeue();
                // Counted first: encoding may fail, and what left the queue has to be given back all the same.
                _sendingBytes += head.Bytes;
                isAny = true;
                Encode(head);
            }

            if (!isAny)
            {
                _isSending = false;
                _idle?.TrySetResult();
            }

            if (_room is not null && _queue.Count < unansweredMax)
            {
                _room.TrySetResult();
                _room = null;
            }
        }

        return isAny;
    }

    private void Encode(TcpIncomingRpc rpc)
    {
        int needed = _length + ResponseEncoder.BytesMax(rpc.Response, rpc.Error);
        if (_buffer.Length < needed)
        {
            Array.Resize(ref _buffer, Math.Max(Math.Max(needed, FirstBufferBytes), _buffer.Length * 2));
        }

        _length += ResponseEncoder.Write(_buffer.AsSpan(_length), rpc.Response, rpc.Error, WireDialect.Go17);
    }
}
