using System.Runtime.InteropServices;

namespace Raft.Fsm.Sample.Node;

/// <summary>Tells when the process is asked to stop: SIGINT, SIGTERM, or the end of standard input where that counts.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignal()
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                // Not the system's way of stopping: ours, which stops the node first.
                context.Cancel = true;
                _requested.TrySetResult();
            }));
        }
    }

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task Requested => _requested.Task;

    /// <summary>
    /// Lets the end of standard input count too: it comes when the process at the other end closes it, or is gone, in
    /// whatever way.
    /// </summary>
    public void WatchInput() => new Thread(ReadInput) { IsBackground = true, Name = "standard input" }.Start();

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    // A thread of its own: reads of standard input block, and would take a worker from the pool for good.
    private void ReadInput()
    {
        try
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> buffer = stackalloc byte[64];
            while (input.Read(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            // As good as its end.
        }

        _requested.TrySetResult();
    }
}
