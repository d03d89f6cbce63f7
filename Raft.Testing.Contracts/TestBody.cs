namespace Raft.Testing.Contracts;

/// <summary>A snapshot for the tests of a transport: its bytes follow from their places, and it fails as it is told to.</summary>
internal sealed class TestBody(long size) : ISnapshotBody
{
    private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _position;
    private int _reading;

    /// <summary>How many bytes there are really.</summary>
    public long Size { get; init; } = size;

    /// <summary>How many bytes a read gives at most.</summary>
    public int PieceBytes { get; init; } = int.MaxValue;

    /// <summary>What reads fail with once all bytes before the end were read.</summary>
    public Exception? Failure { get; init; }

    /// <summary>Where reads wait for <see cref="Resume"/>.</summary>
    public long PauseAt { get; init; } = long.MaxValue;

    /// <summary>How long each read takes.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Completes when a read waits there.</summary>
    public Task Paused => _paused.Task;

    /// <summary>Whether a read is under way.</summary>
    public bool IsBeingRead => Volatile.Read(ref _reading) > 0;

    /// <summary>How far it was read.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>The byte at a place.</summary>
    public static byte At(long position) => (byte)((position * 31) + (position >> 8));

    /// <summary>Lets reads go on.</summary>
    public void Resume() => _resumed.TrySetResult();

    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        Interlocked.Increment(ref _reading);
        try
        {
            if (_position >= PauseAt)
            {
                _paused.TrySetResult();
                await _resumed.Task;
            }

            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay);
            }

            return Read(buffer.Span);
        }
        finally
        {
            Interlocked.Decrement(ref _reading);
        }
    }

    private int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min(Math.Min(buffer.Length, PieceBytes), Size - _position);
        if (count == 0 && Failure is not null)
        {
            throw Failure;
        }

        for (int i = 0; i < count; i++)
        {
            buffer[i] = At(_position + i);
        }

        Volatile.Write(ref _position, _position + count);
        return count;
    }
}
