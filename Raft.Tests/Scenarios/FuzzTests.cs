using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>
/// The random scenarios of hashicorp/raft's suite, each drawn from a seed. The simulator goes on from there: it draws the
/// troubles too (<c>SimulationTests</c>).
/// </summary>
public sealed class FuzzTests
{
    [Test]
    [Reference("L1")]
    public void Ten_thousand_commands_without_any_fault_are_the_same_on_five_servers()
    {
        using var run = new FuzzRun(servers: 5, seed: 1);
        ulong term = run.Leader!.Node!.Term;

        run.Write(10_000);
        run.Finish();

        Assert.That(run.Acknowledged, Is.EqualTo(10_000));
        Assert.That(run.Leader.Node.Term, Is.EqualTo(term));
    }

    [Test]
    [Reference("L2", "j01", "j04")]
    public void A_leader_that_is_cut_off_with_up_to_three_others_ten_times_loses_nothing([Range(1, 5)] int seed)
    {
        using var run = new FuzzRun(servers: 5, seed);
        for (int time = 0; time < 10; time++)
        {
            VirtualServer leader = run.Cluster.AwaitLeader();
            VirtualServer[] others = [.. run.Cluster.Servers.Where(s => s != leader).OrderBy(_ => run.Random.Next())];
            run.CutOff([leader, .. others.Take(run.Random.Next(4))]);
            run.Write(run.Random.Next(100));
            run.Cluster.Pass(TimeSpan.FromSeconds(run.Random.NextDouble() * 5));
            run.Write(run.Random.Next(100));
            run.Cluster.Network.Heal();
            run.Cluster.Pass(TimeSpan.FromSeconds(run.Random.NextDouble()));
        }

        run.Finish();
    }

    [Test]
    [Reference("L3", "L4")]
    public void Late_requests_for_votes_and_late_votes_lose_nothing(
        [Range(1, 5)] int seed, [Values] bool isAnswer, [Values] bool isAsking)
    {
        using var run = new FuzzRun(servers: 5, seed, isAsking: isAsking);
        run.Cluster.Network.Timeout = TimeSpan.FromSeconds(5);
        HashSet<ServerAddress> late = [.. run.Cluster.Servers.Take(isAnswer ? 3 : 2).Select(s => s.Address)];
        int delayed = 0;
        TimeSpan Delay(ServerAddress to, RpcRequest request)
        {
            bool isLate = late.Contains(to) && request is RequestVoteRequest or RequestPreVoteRequest;
            delayed += isLate ? 1 : 0;
            return TimeSpan.FromSeconds(isLate ? 1 + run.Random.NextDouble() : 0);
        }

        run.Cluster.Network.RequestDelay = isAnswer ? null : Delay;
        run.Cluster.Network.AnswerDelay = isAnswer ? Delay : null;
        for (int time = 0; time < 10; time++)
        {
            run.Write(50);
            run.CutOff(run.Cluster.AwaitLeader());
            run.Cluster.Pass(TimeSpan.FromSeconds(4));
            run.Write(10);
            run.Cluster.Network.Heal();
        }

        run.Finish();
        Assert.That(delayed, Is.GreaterThan(5));
    }

    [Test]
    [Reference("L5", "L6", "a26", "j07")]
    public void Three_servers_become_five_and_three_again_under_load_and_the_leader_stays([Range(1, 3)] int seed)
    {
        using var run = new FuzzRun(servers: 5, seed, founders: 3);
        VirtualServer leader = run.Leader!;
        foreach (VirtualServer added in run.Cluster.Servers.Skip(3))
        {
            run.Cluster.Start(added);
            run.WhileWriting(() => leader.Node!.AddVoterAsync(added.Id, added.Address));
        }

        VirtualServer[] removed = [.. run.Cluster.Servers.Where(s => s != leader).OrderBy(_ => run.Random.Next()).Take(2)];
        foreach (VirtualServer gone in removed)
        {
            run.WhileWriting(() => leader.Node!.RemoveServerAsync(gone.Id));
        }

        run.Finish([.. run.Cluster.Servers.Except(removed)]);
        Assert.That(run.Leader, Is.EqualTo(leader));
        Assert.That(leader.Node!.Core.State.Configuration.VoterCount, Is.EqualTo(3));
    }

    [Test]
    [Reference("L7", "g15")]
    public void A_leader_that_is_removed_under_load_loses_nothing([Range(1, 3)] int seed)
    {
        using var run = new FuzzRun(servers: 5, seed);
        VirtualServer old = run.Leader!;
        run.Write(run.Random.Next(200));

        run.WhileWriting(() => old.Node!.RemoveServerAsync(old.Id));
        run.Write(200);

        run.Finish([.. run.Cluster.Servers.Where(s => s != old)]);
        Assert.That(old.Node!.State, Is.EqualTo(RaftState.Follower));
    }

    [Test]
    [Reference("L8", "g07")]
    public void A_server_that_is_removed_while_it_is_cut_off_loses_nothing_when_it_comes_back([Range(1, 3)] int seed)
    {
        using var run = new FuzzRun(servers: 5, seed);
        VirtualServer leader = run.Leader!;
        VirtualServer gone = run.Cluster.Servers.Where(s => s != leader).ElementAt(run.Random.Next(4));
        run.CutOff(gone);
        run.Write(100);
        run.Cluster.Pass(TimeSpan.FromSeconds(3));

        run.WhileWriting(() => run.Leader!.Node!.RemoveServerAsync(gone.Id));
        run.Cluster.Network.Heal();
        run.Write(500);
        run.Cluster.Pass(TimeSpan.FromSeconds(10));

        run.Finish([.. run.Cluster.Servers.Where(s => s != gone)]);
        Assert.That(gone.Node!.State, Is.EqualTo(RaftState.Follower));
    }

    [Test]
    [Reference("L9")]
    public void Four_bursts_of_writes_with_transfers_between_lose_nothing([Range(1, 3)] int seed)
    {
        using var run = new FuzzRun(servers: 5, seed);
        run.Write(2500);
        for (int transfer = 0; transfer < 3; transfer++)
        {
            VirtualServer leader = run.Cluster.AwaitLeader();
            run.WhileWriting(() => run.Leader!.Node!.TransferLeadershipAsync());
            Assert.That(leader.Node!.State, Is.Not.EqualTo(RaftState.Leader));
            run.Write(2500);
        }

        run.Finish();
        Assert.That(run.Acknowledged, Is.GreaterThan(9000));
    }
}
