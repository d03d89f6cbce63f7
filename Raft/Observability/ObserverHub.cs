using Microsoft.Extensions.Logging;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>Tells the node's observers what it does. Told from any task of the node, which never waits.</summary>
/// <param name="node">The server.</param>
/// <param name="tasks">The tasks that deliver; stopped last, so that the end is told too.</param>
/// <param name="logger">The node's log.</param>
internal sealed class ObserverHub(ServerId node, TaskGroup tasks, ILogger logger)
{
    // Callers register from any thread, and nothing waits while it is held.
    private readonly Lock _gate = new();
    private volatile ObserverPump[] _pumps = [];
    private bool _isClosed;

    /// <summary>Whether anyone listens: otherwise nothing need be put together.</summary>
    public bool IsHeard => _pumps.Length > 0;

    /// <summary>Tells all observers.</summary>
    public void Tell(Observation observation)
    {
        foreach (ObserverPump pump in _pumps)
        {
            pump.Offer(observation);
        }
    }

    /// <summary>Begins to tell an observer. One that is told already is not told twice.</summary>
    public void Add(Observer observer)
    {
        lock (_gate)
        {
            if (_isClosed || _pumps.Any(p => p.Observer == observer))
            {
                return;
            }

            var pump = new ObserverPump(node, observer, logger);
            if (tasks.Start("observer", () => pump.RunAsync(tasks.Stopping)))
            {
                _pumps = [.. _pumps, pump];
            }
        }
    }

    /// <summary>Tells an observer nothing more.</summary>
    public void Remove(Observer observer)
    {
        lock (_gate)
        {
            if (Array.Find(_pumps, p => p.Observer == observer) is { } pump)
            {
                pump.TurnOff();
                _pumps = [.. _pumps.Where(p => p != pump)];
            }
        }
    }

    /// <summary>Nothing more will be told.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Array.ForEach(_pumps, static pump => pump.Close());
            _pumps = [];
        }
    }
}
