namespace Raft.Rpc;

/// <summary>
/// The sender's snapshot in the hands of the receiver, as long as the call lasts. Owned by its
/// <see cref="InMemoryCall{TResponse}"/>.
/// </summary>
/// <remarks>A lock serves here: the call may end on any task while the receiver reads.</remarks>
internal sealed class InMemoryBody : ISnapshotBody
{
    private readonly Lock _gate = new();
    private readonly ExactBody _exact;
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left;
    private bool _isReading;
    private bool _isWhole;
    private bool _isEnded;

    /// <summary>Reads nothing yet.</summary>
    /// <param name="body">The sender's.</param>
    /// <param name="size">How many bytes were announced.</param>
    public InMemoryBody(ISnapshotBody body, long size)
    {
        _exact = new ExactBody(body, size);
        _left = size;
    }

    /// <summary>Told of each read, before it; false where its bytes would vanish on the way.</summary>
    public Func<bool> OnRead { get; set; } = static () => true;

    /// <summary>Told when the sender's body fails.</summary>
    public Action<Exception> OnFailed { get; set; } = static _ => { };

    /// <summary>Completes when the call has ended and nobody reads the sender's body any more.</summary>
    public Task Idle => _idle.Task;

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

        Exception? failure = null;
        int count = 0;
        try
        {
            if (!OnRead())
            {
                await _end.Task;
            }
            else if (!IsEnded)
            {
                count = await _exact.ReadAsync(buffer);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        EndRead(count, failure is null);
        if (failure is not null)
        {
            // The sender learns what it was; the receiver, that the bytes end here, as it would over a network.
            OnFailed(failure);
            throw Broken("the sender could not read them", failure);
        }

        return _isWhole || !IsEnded ? count : throw Broken("the call has ended");
    }

    /// <summary>The call has ended: the receiver gets no more bytes.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isEnded = true;
            _end.TrySetResult();
            if (!_isReading)
            {
                _idle.TrySetResult();
            }
        }
    }

    private bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _isEnded;
            }
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

            if (_isWhole)
            {
                return false;
            }

            return _isEnded ? throw Broken("the call has ended") : _isReading = true;
        }
    }

    private void EndRead(int count, bool isRead)
    {
        lock (_gate)
        {
            _isReading = false;
            _left -= count;
            _isWhole = isRead && !_isEnded && _left == 0;
            if (_isEnded)
            {
                _idle.TrySetResult();
            }
        }
    }

    private static TransportException Broken(string why, Exception? cause = null) =>
        new(TransportFailure.Broken, $"The snapshot's bytes break off: {why}.", cause);
}
