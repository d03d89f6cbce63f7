using Raft.Simulation.Cluster;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Administration;

/// <summary>
/// Adds, promotes, demotes and removes servers, the leader and those that are down among them, and replaces servers that
/// lose their disks by the book: remove, wait until that is committed, let it rejoin blank, add without a vote, promote.
/// </summary>
internal sealed class MemberAdministrator(
    SimCluster cluster, AdministratorPort port, SimRandom random, double diskLossShare)
{
    private const int MembersMax = 7;

    private int _votersWanted = 3;

    /// <summary>What the leader says that the members are.</summary>
    private ClusterConfiguration Configuration => cluster.Leader?.Watch?.Configuration is { Servers.IsEmpty: false } known
        ? known
        : cluster.Configuration;

    /// <summary>Its work.</summary>
    public async Task RunAsync()
    {
        while (!port.IsStopping)
        {
            await port.DelayAsync(cluster.Plan.ChangeMean);

            // While a server has lost its disk, nobody else changes anything: a majority of the others must be left.
            if (port.IsStopping || port.Lost is not null)
            {
                continue;
            }

            if (random.Chance(diskLossShare) && port.InFlight == 0)
            {
                await ReplaceAsync();
            }
            else
            {
                await ChangeAsync();
            }
        }
    }

    private async Task ChangeAsync()
    {
        ClusterConfiguration members = Configuration;
        SimServer[] strangers = [.. cluster.Servers.Where(s => members.Find(s.Id) is null)];
        SimServer[] learners = [.. cluster.Servers.Where(s => members.Find(s.Id) is { IsVoter: false })];
        SimServer[] voters = [.. cluster.Servers.Where(s => members.IsVoter(s.Id))];
        if (random.Chance(0.2))
        {
            _votersWanted = (int)random.Between(1, MembersMax);
        }

        bool isGrowing = random.Chance(voters.Length < _votersWanted ? 0.8 : 0.2);
        if (isGrowing && learners.Length > 0 && random.Chance(0.6))
        {
            await AddVoterAsync(random.Pick(learners));
        }
        else if (isGrowing && strangers.Length > 0)
        {
            SimServer server = random.Pick(strangers);
            await (random.Chance(0.8) ? AddNonvoterAsync(server) : AddVoterAsync(server));
        }
        else if (voters.Length > 1 && random.Chance(0.4))
        {
            await DemoteAsync(Victim(voters));
        }
        else if (voters.Length + learners.Length > 1)
        {
            await RemoveAsync(Victim([.. voters, .. learners]));
        }
    }

    /// <summary>A server loses its disk and is replaced.</summary>
    private async Task ReplaceAsync()
    {
        SimServer[] members = [.. cluster.Servers.Where(s => cluster.Configuration.Find(s.Id) is not null)];
        SimServer server = Victim(members);
        if (server.Condition == ServerCondition.Refused || !cluster.MayLose(server))
        {
            return;
        }

        port.Lost = server;
        server.LoseDisk();
        ApplyResult? removal;
        while ((removal = await RemoveAsync(server)) is null)
        {
            if (port.IsStopping)
            {
                return;
            }

            await port.DelayAsync(cluster.Config.ElectionTimeout);
        }

        server.BecomeBlank(removal.Value);
        port.Lost = null;
        await AddNonvoterAsync(server);
        for (int patience = 0; patience < 20 && !port.IsStopping && !HasCaughtUp(server); patience++)
        {
            await port.DelayAsync(cluster.Config.ElectionTimeout);
        }

        // It may have lost its disk again meanwhile.
        if (!port.IsStopping && port.Lost is null && cluster.Configuration.Find(server.Id) is not null)
        {
            await AddVoterAsync(server);
        }
    }

    private bool HasCaughtUp(SimServer server) =>
        server.Watch is { } watch && cluster.Leader?.Watch is { } leader && watch.AppliedIndex + 5 >= leader.CommitIndex;

    private SimServer Victim(SimServer[] among)
    {
        SimServer[] down = [.. among.Where(s => s.Condition == ServerCondition.Down)];
        return random.Chance(0.35) && cluster.Leader is { } leader && among.Contains(leader) ? leader
            : down.Length > 0 && random.Chance(0.4) ? random.Pick(down)
            : random.Pick(among);
    }

    private Task<ApplyResult?> AddVoterAsync(SimServer server)
    {
        (ulong previous, TimeSpan timeout) = Terms();
        return port.ChangeAsync(
            node => node.AddVoterAsync(server.Id, server.Address, previous, timeout), $"add voter {server.Id} ({previous})");
    }

    private Task<ApplyResult?> AddNonvoterAsync(SimServer server)
    {
        (ulong previous, TimeSpan timeout) = Terms();
        return port.ChangeAsync(
            node => node.AddNonvoterAsync(server.Id, server.Address, previous, timeout), $"add nonvoter {server.Id} ({previous})");
    }

    private Task<ApplyResult?> DemoteAsync(SimServer server)
    {
        (ulong previous, TimeSpan timeout) = Terms();
        return port.ChangeAsync(node => node.DemoteVoterAsync(server.Id, previous, timeout), $"demote {server.Id} ({previous})");
    }

    private Task<ApplyResult?> RemoveAsync(SimServer server)
    {
        (ulong previous, TimeSpan timeout) = Terms();
        return port.ChangeAsync(node => node.RemoveServerAsync(server.Id, previous, timeout), $"remove {server.Id} ({previous})");
    }

    /// <summary>For which configuration a change is meant, and how long it may wait.</summary>
    private (ulong PreviousIndex, TimeSpan Timeout) Terms()
    {
        ulong known = cluster.Leader?.Watch?.History.Configurations.LatestIndex ?? 0;
        ulong previous = random.Next(10) switch
        {
            < 3 => known,
            3 => known + 1 - (ulong)random.Next(3),
            _ => 0,
        };
        return (known == 0 ? 0 : previous, cluster.Config.HeartbeatTimeout * random.LogBetween(0.5, 20));
    }
}
