using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Sessions;

/// <summary>Sessions through real nodes, whose leader is lost under them.</summary>
public sealed class SessionNodeTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(25);

    [Test]
    [Reference("c35")]
    public void A_command_that_is_sent_again_behind_a_lost_answer_is_applied_once_on_every_server()
    {
        using VirtualCluster cluster = Running(out CountingFsm[] machines);
        VirtualServer leader = cluster.AwaitLeader();
        var attempts = new List<SessionRequest>();
        Session session = cluster.On(() => new Session(
            async (request, command, token) =>
            {
                attempts.Add(request);
                ApplyResult done = await leader.Node!.ApplyAsync(SessionEnvelope.Wrap(request, command.Span), cancellationToken: token);
                return attempts.Count == 1 ? throw new TimeoutException("the answer is lost") : (SessionAnswer)done.Response!;
            },
            Options(cluster)));

        SessionAnswer answer = cluster.Run(session.ApplyAsync("x"u8.ToArray(), Long));

        Assert.That((answer.Verdict, Encoding.UTF8.GetString(answer.Result.Span)), Is.EqualTo((SessionVerdict.Repeated, "x")));
        Assert.That(attempts, Has.Count.EqualTo(2));
        cluster.Await("all have it", () => cluster.Servers.All(s => s.Node!.AppliedIndex == leader.Node!.AppliedIndex));
        Assert.That(machines.Select(m => m.Applied.Select(a => a.Command)), Is.All.EqualTo(new[] { "x" }));
    }

    [Test]
    public void A_session_through_several_nodes_outlives_their_leaders()
    {
        using VirtualCluster cluster = Running(out CountingFsm[] machines);
        int next = 0;
        Session session = cluster.On(() => new Session(
            async (request, command, token) =>
            {
                VirtualServer server = cluster.Servers[next++ % 3];
                RaftNode node = server.Node ?? throw new NotLeaderException("it is down");
                ApplyResult done = await node.ApplyAsync(SessionEnvelope.Wrap(request, command.Span), cancellationToken: token);
                return (SessionAnswer)done.Response!;
            },
            Options(cluster)));

        cluster.Run(session.ApplyAsync("a"u8.ToArray(), Long));
        cluster.Kill(cluster.AwaitLeader());
        cluster.Run(session.ApplyAsync("b"u8.ToArray(), Long));

        VirtualServer leader = cluster.AwaitLeader();
        int at = cluster.Servers.ToList().IndexOf(leader);
        Assert.That(machines[at].Applied.Select(a => a.Command), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public void A_session_on_a_node_says_truthfully_that_a_follower_did_nothing()
    {
        using VirtualCluster cluster = Running(out CountingFsm[] machines);
        VirtualServer leader = cluster.AwaitLeader();
        Session onLeader = cluster.On(() => new Session(leader.Node!, Options(cluster)));
        cluster.Network.Isolate(leader.Address, cluster.Servers.Select(s => s.Address));

        Task<SessionAnswer> under = onLeader.ApplyAsync("lost"u8.ToArray(), TimeSpan.FromSeconds(10));
        Assert.That(() => cluster.Run(under), Throws.TypeOf<SessionOutcomeUnknownException>());
        Assert.That(onLeader.IsUnresolved, Is.True);
        Assert.That(
            () => cluster.Run(onLeader.ApplyAsync("not sent"u8.ToArray(), TimeSpan.FromSeconds(1))), Throws.TypeOf<SessionNotDoneException>());

        cluster.Network.Heal();
        Assert.That(machines.SelectMany(m => m.Applied.Select(a => a.Command)), Has.None.EqualTo("not sent"));
    }

    [Test]
    public void A_state_machine_without_sessions_is_named_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(1);
        Session session = cluster.On(() => new Session(cluster.Servers[0].Node!, Options(cluster)));

        Assert.That(
            () => cluster.Run(session.ApplyAsync("x"u8.ToArray(), Long)),
            Throws.InvalidOperationException.With.Message.Contains("it is no SessionFsm"));
    }

    [Test]
    public void The_examples_of_the_docs_run()
    {
        using var cluster = new VirtualCluster(1);
        cluster.Start(cluster.Servers[0], SessionsExample.Wrap(new TextFsm()));
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader();
        using var payments = new VirtualCluster(1);
        payments.Start(payments.Servers[0], new PaymentFsm());
        payments.Run(payments.Servers[0].Node!.BootstrapClusterAsync(payments.Founders));
        payments.AwaitLeader();

        ReadOnlyMemory<byte> answer = cluster.Run(cluster.OnAsync(
            () => SessionsExample.PayAsync(cluster.Servers[0].Node!, "5"u8.ToArray(), Options(cluster))));
        Session session = payments.On(() => SessionsExample.OfSeveral([payments.Servers[0].Node!], Options(payments)));
        payments.Run(session.ApplyAsync("5"u8.ToArray(), Long));
        SessionAnswer paid = payments.Run(session.ApplyAsync("7"u8.ToArray(), Long));

        Assert.That(Encoding.UTF8.GetString(answer.Span), Is.EqualTo("5"));
        Assert.That(BitConverter.ToInt64(paid.Result.Span), Is.EqualTo(12));
    }

    private static SessionOptions Options(VirtualCluster cluster) => new() { Client = "me", Seed = 1, TimeProvider = cluster.Clock };

    private static VirtualCluster Running(out CountingFsm[] machines)
    {
        var cluster = new VirtualCluster(3);
        machines = [.. cluster.Servers.Select(_ => new CountingFsm())];
        for (int i = 0; i < machines.Length; i++)
        {
            cluster.Start(cluster.Servers[i], SessionFsm.Around(machines[i], TextBytes));
        }

        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        cluster.AwaitLeader();
        return cluster;
    }

    private static ReadOnlyMemory<byte> TextBytes(object? answer) => Encoding.UTF8.GetBytes((string)answer!);

    /// <summary>Answers its command.</summary>
    private sealed class TextFsm : IFsm
    {
        public object? Apply(LogEntry entry) => entry.Data;

        public IFsmSnapshot Snapshot() => throw new NotSupportedException();

        public Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
