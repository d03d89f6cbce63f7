using System.Threading.Tasks.Sources;

namespace Raft.Stores.Wal.Disk;

/// <summary>
/// One blocking call on its way through the thread pool. Reused call after call, so that a sync allocates nothing;
/// owned by one <see cref="RealDiskFile"/>, and by one call at a time.
/// </summary>
/// <remarks>
/// The one who awaits continues where it awaited: on its task scheduler where it has one, else on the pool, and
/// never inside the call itself.
/// </remarks>
internal sealed class DiskWork(RealDiskFile file) : IThreadPoolWorkItem, IValueTaskSource<int>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<int> _completion = new() { RunContinuationsAsynchronously = true };
    private DiskCall _call;
    private long _offset;
    private long _length;
    private ReadOnlyMemory<byte> _source;
    private Memory<byte> _destination;

    /// <summary>Starts a call that writes, syncs or allocates.</summary>
    public ValueTask Start(DiskCall call, long offset, long length, ReadOnlyMemory<byte> source)
    {
        _source = source;
        Enqueue(call, offset, length);
        return new ValueTask(this, _completion.Version);
    }

    /// <summary>Starts a call that has a result.</summary>
    public ValueTask<int> StartRead(long offset, Memory<byte> destination)
    {
        _destination = destination;
        Enqueue(DiskCall.Read, offset, destination.Length);
        return new ValueTask<int>(this, _completion.Version);
    }

    /// <inheritdoc/>
    public void Execute()
    {
        int result;
        try
        {
            result = file.Perform(_call, _offset, _length, _source.Span, _destination.Span);
        }
        catch (Exception failure)
        {
            // Whatever it is belongs to the one who awaits the call; here it would end the process.
            _completion.SetException(failure);
            return;
        }

        _completion.SetResult(result);
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    public int GetResult(short token)
    {
        try
        {
            return _completion.GetResult(token);
        }
        finally
        {
            _source = default;
            _destination = default;
            _completion.Reset();
            file.Return(this);
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    private void Enqueue(DiskCall call, long offset, long length)
    {
        _call = call;
        _offset = offset;
        _length = length;
#pragma warning disable RS0030 // The real disk is where a loop leaves its scheduler, to come back to it.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
#pragma warning restore RS0030
    }
}
