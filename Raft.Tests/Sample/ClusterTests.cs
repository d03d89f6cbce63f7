using System.Net;
using System.Net.Sockets;
using Raft.Fsm.Sample.Cluster;
using Raft.Fsm.Sample.CommandLine;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>What a development cluster looks at before it starts any node.</summary>
public sealed class ClusterTests
{
    [Test]
    public void A_port_that_is_taken_is_refused_before_any_node_is_founded()
    {
        int[] ports = TestPorts.Take(12);
        using var taken = new TcpListener(IPAddress.Loopback, ports[2]);
        taken.Start();
        var options = new ClusterOptions(3, "unused", ports[0], ports[6], "wal");

        Assert.That(
            () => ClusterSupervisor.RequireFreePorts(options),
            Throws.TypeOf<UsageException>().With.Message.Contains($"127.0.0.1:{ports[2]}").And.Message.Contains("--raft-base-port"));
        taken.Stop();
        Assert.That(() => ClusterSupervisor.RequireFreePorts(options), Throws.Nothing);
    }

    [Test]
    public void Data_of_one_cluster_is_not_taken_for_another()
    {
        using var directory = new TemporaryDirectory();
        var founded = new ClusterOptions(3, directory.File("data"), 7000, 8000, "wal");
        ClusterIdentity.Claim(founded);

        Assert.That(() => ClusterIdentity.Claim(founded with { HttpBasePort = 9000 }), Throws.Nothing);
        Assert.That(() => ClusterIdentity.Claim(founded with { RaftBasePort = 7100 }), Throws.TypeOf<UsageException>());
        Assert.That(
            () => ClusterIdentity.Claim(founded with { Nodes = 5 }),
            Throws.TypeOf<UsageException>().With.Message.Contains("n3=127.0.0.1:7003"));
    }

    [TestCase(0, 0)]
    [TestCase(4, 4)]
    [TestCase(137, 4)]
    [TestCase(-1, 4)]
    public void A_node_that_a_signal_ended_counts_as_failed(int ended, int expected) =>
        Assert.That(ExitCodes.OfNode(ended), Is.EqualTo(expected));
}
