using Raft.Simulation.Cluster;
using Raft.Simulation.Faults;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Scenarios;

/// <summary>
/// W28: TimeoutNow comes from servers that nobody knows, and from members that do not lead, or led before. It must be
/// answered with an error, and must not make anybody campaign.
/// </summary>
internal sealed class StrayTimeoutNowScenario : Scenario
{
    private const int ProtocolVersion = 3;

    public override string Name => "W28";

    public override SimulationProfile? Profile => SimulationProfile.Transfer;

    public override FaultPlan Shape(FaultPlan plan, SimRandom random) => plan;

    public override void Prepare(SimCluster cluster) => SendLater(cluster);

    private static void SendLater(SimCluster cluster) =>
        cluster.Kernel.After(null, TimeSpan.FromSeconds(cluster.Kernel.Random.LogBetween(0.05, 2)), () =>
        {
            if (cluster.AreFaultsOn)
            {
                Send(cluster, cluster.Kernel.Random.Pick(cluster.Servers));
                SendLater(cluster);
            }
        });

    private static void Send(SimCluster cluster, SimServer receiver)
    {
        if (receiver is not { Condition: ServerCondition.Up, Transport: { } transport })
        {
            return;
        }

        SimServer other = cluster.Kernel.Random.Pick(cluster.Servers);
        RpcHeader header = cluster.Kernel.Random.Chance(0.3)
            ? new RpcHeader(ProtocolVersion, "stranger", "sim:99")
            : new RpcHeader(ProtocolVersion, other.Id, other.Address);
        cluster.Kernel.After(transport.Process, TimeSpan.Zero, () => transport.Deliver(new SimRpc(
            new TimeoutNowRequest(header), (response, _) => Answered(cluster, receiver, header.Id, response))));
    }

    private static void Answered(SimCluster cluster, SimServer receiver, ServerId sender, RpcResponse? response)
    {
        if (receiver.Watch is not { } watch)
        {
            return;
        }

        int? leader = cluster.Ledger.LeaderOf(watch.Record.Term);
        bool isLeader = leader is { } known && cluster.Servers[known].Id == sender;
        bool isRepeated = watch.State == RaftState.Candidate
            && cluster.Ledger.LeaderOf(watch.Record.Term - 1) is { } before && cluster.Servers[before].Id == sender;
        if (response is null)
        {
            receiver.Coverage.Hit(Happening.TimeoutNowRefused);
        }
        else if (!isLeader && !isRepeated)
        {
            cluster.Ledger.Violated(
                Rule.Voters, $"{receiver.Id} campaigns since {sender} told it to, which does not lead term {watch.Record.Term}");
        }
    }
}
