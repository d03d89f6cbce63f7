using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Questions between servers of this library, and how a server of another one is told apart.</summary>
public sealed class AskTests
{
    private static VirtualCluster Answering() => VirtualCluster.Running(servers: 3, prepare: s => s.Config = s.Config with
    {
        AskHandler = ask => Encoding.UTF8.GetString(ask.Data.Span) == "fail"
            ? throw new InvalidOperationException("no idea")
            : Encoding.UTF8.GetBytes($"{s.Id} was asked {Encoding.UTF8.GetString(ask.Data.Span)} by {ask.Header.Id}"),
    });

    private static string Ask(VirtualCluster cluster, VirtualServer from, VirtualServer to, string question) =>
        Encoding.UTF8.GetString(cluster.Run(
            from.Node!.AskAsync(to.Id, to.Address, Encoding.UTF8.GetBytes(question))).Span);

    [Test]
    public void The_other_application_answers()
    {
        using VirtualCluster cluster = Answering();

        Assert.That(
            Ask(cluster, cluster.Servers[0], cluster.Servers[1], "where"), Is.EqualTo("n2 was asked where by n1"));
    }

    [Test]
    public void An_application_that_throws_is_an_error_for_the_asker_alone()
    {
        using VirtualCluster cluster = Answering();

        Assert.That(
            () => Ask(cluster, cluster.Servers[0], cluster.Servers[1], "fail"),
            Throws.TypeOf<RemoteRpcException>().With.Message.Contains("no idea"));
        Assert.That(cluster.Servers[1].Node!.State, Is.Not.EqualTo(RaftState.Shutdown));
    }

    [Test]
    public void A_leader_finds_out_that_its_followers_are_of_this_library_and_sends_larger_batches()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That(LargestBatch(cluster, leader), Is.GreaterThan(64));
    }

    [Test]
    [Reference("c20")]
    public void A_server_that_does_not_know_questions_gets_no_larger_batch_than_Go_sends()
    {
        using var cluster = new VirtualCluster(servers: 3);
        foreach (VirtualServer server in cluster.Servers)
        {
            cluster.Network.Foreign.Add(server.Address);
        }

        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer leader = cluster.AwaitLeader();
        cluster.Pass(TimeSpan.FromSeconds(1));

        Assert.That(LargestBatch(cluster, leader), Is.LessThanOrEqualTo(64));
        Assert.That(
            () => Ask(cluster, leader, cluster.Servers.First(s => s != leader), "where"), Throws.TypeOf<TransportException>());
    }

    [Test]
    public void A_server_of_another_library_is_asked_again_after_a_minute()
    {
        using var cluster = new VirtualCluster(servers: 3);
        cluster.Network.Foreign.Add(cluster.Servers[1].Address);
        cluster.StartAll();
        Assert.That(() => Ask(cluster, cluster.Servers[0], cluster.Servers[1], "where"), Throws.TypeOf<TransportException>());
        cluster.Network.Foreign.Clear();

        Assert.That(
            () => Ask(cluster, cluster.Servers[0], cluster.Servers[1], "where"),
            Throws.TypeOf<TransportException>().With.Message.Contains("does not know questions"));
        cluster.Pass(TimeSpan.FromSeconds(61));

        Assert.That(Ask(cluster, cluster.Servers[0], cluster.Servers[1], "where"), Is.Empty);
    }

    private static int LargestBatch(VirtualCluster cluster, VirtualServer leader)
    {
        int largest = 0;
        cluster.Network.Filter = (_, _, request) =>
        {
            if (request is AppendEntriesRequest { Entries: { } entries })
            {
                largest = Math.Max(largest, entries.Sum(e => e.Count));
            }

            return true;
        };
        cluster.Run(Task.WhenAll(Enumerable.Range(0, 500).Select(i => cluster.Apply(leader, $"c{i}"))));
        return largest;
    }
}
