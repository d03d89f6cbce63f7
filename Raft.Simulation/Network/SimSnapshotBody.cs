using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>The bytes of a snapshot as they arrive at the receiver. All members are steps of its process.</summary>
/// <param name="kernel">Where everything happens.</param>
/// <param name="process">The receiving process.</param>
/// <param name="patience">How long it waits for the next piece.</param>
internal sealed class SimSnapshotBody(SimKernel kernel, SimProcess process, TimeSpan patience) : ISnapshotBody
{
    private readonly Queue<byte[]> _pieces = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TransportException? _failure;
    private bool _isWhole;
    private int _taken;
    private long _movedAtTicks = kernel.NowTicks;

    /// <summary>A piece arrives.</summary>
    public void Arrive(byte[] piece)
    {
        _movedAtTicks = kernel.NowTicks;
        _pieces.Enqueue(piece);
        Wake();
    }

    /// <summary>The last piece has arrived.</summary>
    public void End()
    {
        _isWhole = true;
        Wake();
    }

    /// <summary>The connection is gone.</summary>
    public void Fail(TransportFailure why)
    {
        _failure ??= _isWhole ? null : new TransportException(why, $"the snapshot broke off: {why}");
        Wake();
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        while (_pieces.Count == 0)
        {
            if (_failure is not null)
            {
                throw _failure;
            }

            if (_isWhole)
            {
                return 0;
            }

            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Watch(patience);
            await _news.Task;
        }

        byte[] piece = _pieces.Peek();
        int count = Math.Min(buffer.Length, piece.Length - _taken);
        piece.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        if (_taken == piece.Length)
        {
            _taken = 0;
            _pieces.Dequeue();
        }

        return count;
    }

    private void Wake() => _news.TrySetResult();

    private void Watch(TimeSpan time)
    {
        TaskCompletionSource news = _news;
        kernel.After(process, time, () =>
        {
            if (news.Task.IsCompleted)
            {
                return;
            }

            TimeSpan left = TimeSpan.FromTicks(_movedAtTicks - kernel.NowTicks) + patience;
            if (left <= TimeSpan.Zero)
            {
                Fail(TransportFailure.TimedOut);
            }
            else
            {
                Watch(left);
            }
        });
    }
}
