using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>
/// One direction of a connection: what is sent arrives in order, whenever the link lets it through. Sent again by
/// itself while the link is cut.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="from">The sending machine.</param>
/// <param name="to">The receiving machine.</param>
/// <param name="receiver">The receiving process; what arrives is its step.</param>
internal sealed class SimStream(SimNetwork network, int from, int to, SimProcess receiver)
{
    private static readonly TimeSpan RetransmitMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetransmitMax = TimeSpan.FromMilliseconds(200);

    private readonly Queue<Action> _underWay = new();
    private long _lastDueTicks;
    private bool _isStopped;

    /// <summary>Sends something.</summary>
    /// <param name="arrive">What happens at the receiver.</param>
    public void Send(Action arrive)
    {
        if (_isStopped)
        {
            return;
        }

        _underWay.Enqueue(arrive);
        long due = Math.Max(_lastDueTicks, network.Kernel.NowTicks + network.Delay(from, to).Ticks);
        _lastDueTicks = due;
        network.Kernel.After(receiver, TimeSpan.FromTicks(due - network.Kernel.NowTicks), Arrive);
    }

    /// <summary>Nothing arrives from now on: the connection hangs, or has ended.</summary>
    public void Stop()
    {
        _isStopped = true;
        _underWay.Clear();
    }

    // Whichever arrival comes first, it delivers what was sent first.
    private void Arrive()
    {
        if (_isStopped)
        {
            return;
        }

        if (network.Link(from, to).IsCut)
        {
            network.Kernel.After(receiver, network.Kernel.Random.Between(RetransmitMin, RetransmitMax), Arrive);
            return;
        }

        _underWay.Dequeue()();
    }
}
