using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>Leaders that hand over (thesis 3.10).</summary>
public sealed class TransferTests
{
    [Test]
    [Reference("F3", "d17", "d18")]
    public void Leadership_goes_to_the_named_server_at_once()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != old);
        TimeSpan since = cluster.Clock.Now;

        ServerId told = cluster.Run(old.Node!.TransferLeadershipAsync(target.Id));
        VirtualServer leader = cluster.AwaitLeader();

        Assert.That(told, Is.EqualTo(target.Id));
        Assert.That(leader, Is.EqualTo(target));
        Assert.That(cluster.Clock.Now - since, Is.LessThan(TimeSpan.FromMilliseconds(100)));
        Assert.That(cluster.Run(cluster.Apply(leader, "new")).Term, Is.EqualTo(leader.Node!.Term));
    }

    [Test]
    [Reference("F11", "a22", "a37", "g10")]
    public void A_target_that_is_behind_catches_up_first_and_no_command_is_taken_meanwhile()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != old);
        target.Stores.HoldLogWrites = true;
        cluster.Run(cluster.Apply(old, "one"));

        Task<ServerId> transfer = old.Node!.TransferLeadershipAsync(target.Id);
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        Task<ApplyResult> refused = cluster.Apply(old, "two");
        Assert.That(() => cluster.Run(refused), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(
            () => cluster.Run(old.Node.TransferLeadershipAsync()), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(
            () => cluster.Run(old.Node.RemoveServerAsync("n9")), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(
            () => cluster.Run(old.Node.AddVoterAsync("n9", "addr9")), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(
            () => cluster.Run(old.Node.AddNonvoterAsync("n9", "addr9")), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(
            () => cluster.Run(old.Node.DemoteVoterAsync("n9")), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(() => cluster.Run(old.Node.BarrierAsync()), Throws.TypeOf<LeadershipTransferInProgressException>());
        Assert.That(transfer.IsCompleted, Is.False);

        target.Stores.HoldLogWrites = false;
        target.Stores.ReleaseWrites();
        cluster.Run(transfer);
        Assert.That(cluster.AwaitLeader(), Is.EqualTo(target));
        cluster.AwaitSame();
        Assert.That(target.Fsm.Applied.Select(a => a.Command), Is.EqualTo(new[] { "one" }));
    }

    [Test]
    [Reference("F8", "F12", "a37")]
    public void A_transfer_that_does_not_come_about_ends_at_its_deadline_and_the_leader_goes_on()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != leader);
        cluster.Network.Isolate(target.Address, cluster.Servers.Select(s => s.Address));
        cluster.Run(cluster.Apply(leader, "behind"));
        TimeSpan since = cluster.Clock.Now;

        Assert.That(
            () => cluster.Run(leader.Node!.TransferLeadershipAsync(target.Id)), Throws.TypeOf<LeadershipTransferException>());

        Assert.That(cluster.Clock.Now - since, Is.LessThan(leader.Config.ElectionTimeout + TimeSpan.FromMilliseconds(50)));
        Assert.That(leader.Node!.State, Is.EqualTo(RaftState.Leader));
        cluster.Run(cluster.Apply(leader, "after"));
    }

    [TestCase(false)]
    [TestCase(true)]
    [Reference("a37")]
    public void A_target_that_dies_in_the_middle_costs_writers_an_election_timeout_at_most(bool isTold)
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != leader);
        bool wasTold = false;
        cluster.Network.Filter = (_, _, request) =>
        {
            wasTold |= request is TimeoutNowRequest;
            return request is not TimeoutNowRequest;
        };
        target.Stores.HoldLogWrites = !isTold;
        cluster.Run(cluster.Apply(leader, "before"));
        TimeSpan since = cluster.Clock.Now;

        Task<ServerId> transfer = leader.Node!.TransferLeadershipAsync(target.Id);
        cluster.Pass(TimeSpan.FromMilliseconds(20));
        Assert.That(wasTold, Is.EqualTo(isTold));
        cluster.Network.Isolate(target.Address, cluster.Servers.Select(s => s.Address));
        Task<ApplyResult> write = cluster.Apply(leader, "first");
        for (int i = 0; !write.IsCompletedSuccessfully; i++)
        {
            Assert.That(write.Exception?.InnerException, Is.Null.Or.TypeOf<LeadershipTransferInProgressException>());
            write = write.IsFaulted ? cluster.Apply(leader, $"{i}") : write;
            cluster.Pass(TimeSpan.FromMilliseconds(5));
        }

        Assert.That(cluster.Clock.Now - since, Is.LessThan(leader.Config.ElectionTimeout + TimeSpan.FromMilliseconds(50)));
        Assert.That(() => cluster.Run(transfer), Throws.TypeOf<LeadershipTransferException>());
        Assert.That(leader.Fsm.Applied.Select(a => a.Command), Does.Contain("before").And.Contain(write.Result.Response));
        target.Stores.ReleaseWrites();
    }

    [Test]
    [Reference("F2", "F7", "F10", "g10")]
    public void W27_the_target_is_one_that_answers_and_votes()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer leader = cluster.AwaitLeader();
        VirtualServer dead = cluster.Servers.First(s => s != leader);
        VirtualServer alive = cluster.Servers.Last(s => s != leader);
        cluster.Kill(dead);
        cluster.Pass(TimeSpan.FromSeconds(2));
        cluster.Run(leader.Node!.AddNonvoterAsync("n9", "addr9"));

        Assert.That(() => cluster.Run(leader.Node.TransferLeadershipAsync("n9")), Throws.ArgumentException);
        Assert.That(() => cluster.Run(leader.Node.TransferLeadershipAsync(leader.Id)), Throws.ArgumentException);
        Assert.That(() => cluster.Run(leader.Node.TransferLeadershipAsync("n8")), Throws.ArgumentException);
        Assert.That(cluster.Run(leader.Node.TransferLeadershipAsync()), Is.EqualTo(alive.Id));
        Assert.That(cluster.AwaitLeader(), Is.EqualTo(alive));
    }

    [Test]
    public void W28_only_the_known_leader_makes_a_follower_campaign()
    {
        using var follower = new LoneFollower();
        follower.Send(LoneFollower.Heartbeat("n2", term: 3));

        LoneFollower.Answer stranger = follower.Send(new TimeoutNowRequest(LoneFollower.Header("n3")));
        ulong after = follower.Node.Term;
        LoneFollower.Answer leader = follower.Send(new TimeoutNowRequest(LoneFollower.Header("n2")));

        Assert.That(stranger.Error, Is.Not.Null);
        Assert.That(after, Is.EqualTo(3));
        Assert.That(leader.Error, Is.Null);
        Assert.That(follower.Node.Term, Is.EqualTo(4), "it campaigned");
        Assert.That(follower.Disk.Record!.VotedFor, Is.EqualTo(follower.Node.Id));
    }

    [Test]
    [Reference("a15")]
    public void A_server_that_campaigns_because_it_was_told_to_takes_it_well_to_be_told_again()
    {
        using var follower = new LoneFollower();
        var told = new TimeoutNowRequest(LoneFollower.Header("n2"));
        var first = new LoneFollower.Answer();
        var again = new LoneFollower.Answer();
        follower.Send(LoneFollower.Heartbeat("n2", term: 3));

        follower.Hand(told, first);
        follower.Hand(told, again);
        var stranger = new LoneFollower.Answer();
        follower.Hand(new TimeoutNowRequest(LoneFollower.Header("n3")), stranger);
        follower.Pass();
        ulong campaigned = follower.Node.Term;
        follower.Send(LoneFollower.Heartbeat("n3", term: 5));
        LoneFollower.Answer over = follower.Send(told);

        Assert.That((first.Error, again.Error), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That(stranger.Error, Is.Not.Null);
        Assert.That(campaigned, Is.EqualTo(4));
        Assert.That((over.Error is null, follower.Node.Term), Is.EqualTo((false, 5UL)));
    }

    [Test]
    [Reference("M5")]
    public void A_Go_server_that_was_told_to_campaign_hears_nothing_of_the_old_leader_until_it_leads_or_its_time_is_up()
    {
        using var cluster = new VirtualCluster(servers: 3);
        cluster.Network.Foreign.UnionWith(cluster.Servers.Select(s => s.Address));
        cluster.StartAll();
        cluster.Run(cluster.Servers[0].Node!.BootstrapClusterAsync(cluster.Founders));
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != old);
        cluster.Run(cluster.Apply(old, "one"));
        cluster.Pass(TimeSpan.FromSeconds(1));
        bool isTold = false;
        int heard = 0;
        cluster.Network.Filter = (from, to, request) =>
        {
            isTold |= request is TimeoutNowRequest;
            heard += isTold && from == old.Address && to == target.Address && request is AppendEntriesRequest ? 1 : 0;
            return request is not RequestVoteRequest;
        };

        Task transfer = old.Node!.TransferLeadershipAsync(target.Id);
        cluster.Pass(old.Config.ElectionTimeout - TimeSpan.FromMilliseconds(5));
        int meanwhile = heard;
        Assert.That(() => cluster.Run(transfer), Throws.TypeOf<LeadershipTransferException>());
        cluster.Pass(old.Config.HeartbeatTimeout / 2);

        Assert.That(isTold, Is.True);
        Assert.That(meanwhile, Is.Zero);
        Assert.That(heard, Is.GreaterThan(0));
    }

    [Test]
    [Reference("M5")]
    public void A_leader_of_a_version_that_names_no_sender_makes_a_follower_campaign_and_only_while_it_leads()
    {
        using var follower = new LoneFollower();
        var nameless = new RpcHeader(3, default, default);
        var named = new LoneFollower.Answer();
        var old = new LoneFollower.Answer();

        follower.Send(LoneFollower.Heartbeat("n2", term: 3));
        follower.Hand(new TimeoutNowRequest(nameless), named);
        follower.Pass();
        ulong after = follower.Node.Term;
        follower.Hand(LoneFollower.Heartbeat("n3", term: 4) with { Header = nameless }, new LoneFollower.Answer());
        follower.Pass();
        follower.Hand(new TimeoutNowRequest(nameless), old);
        follower.Pass();

        Assert.That((named.Error is null, after), Is.EqualTo((false, 3UL)), "n2 would have said that it is n2");
        Assert.That((old.Error, follower.Node.Term), Is.EqualTo(((string?)null, 5UL)));
    }

    [Test]
    [Reference("F1")]
    public void T696_a_leader_deposed_in_the_middle_of_a_transfer_takes_commands_when_it_leads_again()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        VirtualServer old = cluster.AwaitLeader();
        VirtualServer target = cluster.Servers.Last(s => s != old);
        target.Stores.HoldLogWrites = true;
        cluster.Run(cluster.Apply(old, "one"));
        Task<ServerId> transfer = old.Node!.TransferLeadershipAsync(target.Id);
        cluster.Pass(TimeSpan.FromMilliseconds(20));

        cluster.Network.Isolate(old.Address, cluster.Servers.Select(s => s.Address));
        cluster.Await("the old leader stepped down", () => old.Node.State != RaftState.Leader);
        target.Stores.HoldLogWrites = false;
        target.Stores.ReleaseWrites();
        cluster.Network.Heal();
        Assert.That(() => cluster.Run(transfer), Throws.TypeOf<LeadershipTransferException>());
        VirtualServer leader = cluster.AwaitLeader();
        if (leader != old)
        {
            cluster.AwaitSame();
            cluster.Run(leader.Node!.TransferLeadershipAsync(old.Id));
            leader = cluster.AwaitLeader();
        }

        Assert.That(leader, Is.EqualTo(old));
        cluster.Run(cluster.Apply(old, "two"));
    }

    [Test]
    [Reference("F5", "a37")]
    public void A_hundred_transfers_under_writes_lose_none()
    {
        using VirtualCluster cluster = VirtualCluster.Running(3);
        var acknowledged = new List<string>();
        for (int round = 0; round < 100; round++)
        {
            VirtualServer leader = cluster.AwaitLeader();
            Task<ApplyResult>[] writes = [.. Enumerable.Range(0, 3).Select(i => cluster.Apply(leader, $"{round}.{i}"))];
            cluster.Pass(TimeSpan.FromTicks(round * TimeSpan.TicksPerMillisecond / 20));
            cluster.Run(leader.Node!.TransferLeadershipAsync());
            cluster.Await("the writes ended", () => writes.All(w => w.IsCompleted));
            acknowledged.AddRange(writes.Where(w => w.IsCompletedSuccessfully).Select(w => (string)w.Result.Response!));
        }

        cluster.AwaitLeader();
        cluster.AwaitSame();
        Assert.That(acknowledged, Has.Count.GreaterThan(200));
        Assert.That(acknowledged, Is.SubsetOf(cluster.Servers[0].Fsm.Applied.Select(a => a.Command)));
    }
}
