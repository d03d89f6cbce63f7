using Raft.Simulation.Cluster;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Faults;

/// <summary>Cuts links: one server off, groups from each other, one direction only, with a bridge, on and off.</summary>
internal sealed class PartitionFaults(SimCluster cluster, FaultPlan plan)
{
    private const double FlappingShare = 0.2;

    private readonly SimKernel _kernel = cluster.Kernel;
    private readonly List<Cut> _cuts = [];
    private bool _isOver;

    /// <summary>Begins a partition of a drawn kind around a server; it ends by itself.</summary>
    public void Begin(SimServer server)
    {
        int count = cluster.Servers.Count;
        if (count < 2)
        {
            return;
        }

        var cut = new Cut(Draw(server.Machine, count, server.Coverage), isRefusing: _kernel.Random.Chance(0.3));
        _cuts.Add(cut);
        cut.Apply();
        _kernel.Log?.Invoke(_kernel.Now, $"partition around {server.Id}");
        TimeSpan lasts = Duration();
        _kernel.After(null, lasts, () => End(cut));
        if (_kernel.Random.Chance(FlappingShare))
        {
            server.Coverage.Hit(Happening.PartitionFlapping);
            Flap(cut, TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.02, 0.5)));
        }
    }

    /// <summary>Makes the links of a server slow, in one direction or both, for a while.</summary>
    public void SlowDown(SimServer server)
    {
        server.Coverage.Hit(Happening.SlowLink);
        TimeSpan extra = TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.005, 0.5));
        bool isOut = _kernel.Random.Chance(0.7);
        bool isIn = !isOut || _kernel.Random.Chance(0.5);
        SetExtra(extra);
        _kernel.After(null, Duration(), () => SetExtra(TimeSpan.Zero));

        void SetExtra(TimeSpan delay)
        {
            for (int other = 0; other < cluster.Servers.Count; other++)
            {
                if (isOut)
                {
                    cluster.Network.Link(server.Machine, other).ExtraDelay = delay;
                }

                if (isIn)
                {
                    cluster.Network.Link(other, server.Machine).ExtraDelay = delay;
                }
            }
        }
    }

    /// <summary>Makes all that goes to a server slow, for a while.</summary>
    public void SlowDownTowards(SimServer server, TimeSpan extra)
    {
        SetExtra(extra);
        _kernel.After(null, Duration(), () => SetExtra(TimeSpan.Zero));

        void SetExtra(TimeSpan delay)
        {
            for (int other = 0; other < cluster.Servers.Count; other++)
            {
                cluster.Network.Link(other, server.Machine).ExtraDelay = delay;
            }
        }
    }

    /// <summary>Mends everything.</summary>
    public void HealAll()
    {
        _isOver = true;
        foreach (Cut cut in _cuts)
        {
            cut.Remove();
        }

        for (int from = 0; from < cluster.Servers.Count; from++)
        {
            for (int to = 0; to < cluster.Servers.Count; to++)
            {
                cluster.Network.Link(from, to).ExtraDelay = TimeSpan.Zero;
            }
        }
    }

    private TimeSpan Duration() => TimeSpan.FromSeconds(_kernel.Random.LogBetween(0.03, plan.LastsMax.TotalSeconds));

    private void End(Cut cut)
    {
        cut.Remove();
        _cuts.Remove(cut);
        _kernel.Log?.Invoke(_kernel.Now, "a partition ends");
    }

    private void Flap(Cut cut, TimeSpan time) => _kernel.After(null, time, () =>
    {
        if (_isOver || !_cuts.Contains(cut))
        {
            return;
        }

        if (cut.IsApplied)
        {
            cut.Remove();
        }
        else
        {
            cut.Apply();
        }

        Flap(cut, time);
    });

    private List<SimLink> Draw(int server, int count, Coverage coverage)
    {
        var links = new List<SimLink>();
        switch (_kernel.Random.Next(count >= 3 ? 5 : 2))
        {
            case 0:
                coverage.Hit(Happening.PartitionBothWays);
                Between([server], Others(server, count), isBothWays: true);
                break;
            case 1:
                coverage.Hit(Happening.PartitionOneWay);
                if (_kernel.Random.Chance(0.5))
                {
                    Between([server], Others(server, count), isBothWays: false);
                }
                else
                {
                    Between(Others(server, count), [server], isBothWays: false);
                }

                break;
            case 2:
                coverage.Hit(Happening.PartitionOneWay);
                int other = (server + 1 + _kernel.Random.Next(count - 1)) % count;
                Between([server], [other], isBothWays: false);
                break;
            case 3:
                coverage.Hit(Happening.PartitionBothWays);
                (List<int> a, List<int> b) = Split(server, count, without: -1);
                Between(a, b, isBothWays: true);
                break;
            default:
                // One server sees both sides, which do not see each other.
                coverage.Hit(Happening.PartitionBridge);
                (List<int> left, List<int> right) = Split(server, count, without: (server + 1 + _kernel.Random.Next(count - 1)) % count);
                Between(left, right, isBothWays: true);
                break;
        }

        return links;

        void Between(List<int> from, List<int> to, bool isBothWays)
        {
            foreach (int source in from)
            {
                foreach (int target in to)
                {
                    links.Add(cluster.Network.Link(source, target));
                    if (isBothWays)
                    {
                        links.Add(cluster.Network.Link(target, source));
                    }
                }
            }
        }
    }

    private static List<int> Others(int server, int count) => [.. Enumerable.Range(0, count).Where(i => i != server)];

    private (List<int> A, List<int> B) Split(int server, int count, int without)
    {
        List<int> a = [server];
        List<int> b = [];
        foreach (int other in Others(server, count))
        {
            if (other != without)
            {
                (_kernel.Random.Chance(0.5) ? a : b).Add(other);
            }
        }

        return (a, b);
    }

    private sealed class Cut(List<SimLink> links, bool isRefusing)
    {
        public bool IsApplied { get; private set; }

        public void Apply() => Set(isOn: true);

        public void Remove() => Set(isOn: false);

        private void Set(bool isOn)
        {
            if (IsApplied == isOn)
            {
                return;
            }

            IsApplied = isOn;
            foreach (SimLink link in links)
            {
                link.Cuts += isOn ? 1 : -1;
                link.IsRefusing = isRefusing;
            }
        }
    }
}
