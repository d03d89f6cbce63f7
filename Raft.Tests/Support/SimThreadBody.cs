using Raft.Simulation.Kernel;

namespace Raft.Tests.Support;

/// <summary>Bytes of a snapshot that a test has, for a simulation to read on its own thread.</summary>
/// <param name="thread">The simulation.</param>
/// <param name="process">The process that reads.</param>
/// <param name="body">The test's bytes; read in large pieces, as by a transport that sends such.</param>
internal sealed class SimThreadBody(SimThread thread, SimProcess process, ISnapshotBody body) : ISnapshotBody
{
    /// <summary>A simulated connection takes any number of bytes that nobody receives; a real one does not.</summary>
    private const long AheadBytesMax = 1 << 20;

    private static readonly TimeSpan AheadPause = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _buffer = new byte[128 * 1024];
    private ReadOnlyMemory<byte> _left;
    private long _read;

    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (_left.Length == 0)
        {
            // No longer than that: the connection may have ended.
            if (_read - thread.TakenBytes > AheadBytesMax)
            {
                await Task.Delay(AheadPause, process.Time);
            }

            _left = _buffer.AsMemory(0, await NextAsync());
            _read += _left.Length;
        }

        int count = Math.Min(buffer.Length, _left.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];
        return count;
    }

    private Task<int> NextAsync()
    {
        var outcome = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task.Run(async () =>
        {
            try
            {
                int count = await body.ReadAsync(_buffer);
                thread.Post(() => outcome.SetResult(count));
            }
            catch (Exception failure)
            {
                thread.Post(() => outcome.SetException(failure));
            }
        });
        return outcome.Task;
    }
}
