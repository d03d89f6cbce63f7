using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A follower that is behind, or elsewhere, is brought up to the leader in few requests.</summary>
public sealed class CatchUpTests
{
    private const int Many = 10_000;

    [Test]
    [Reference("a33")]
    public void A33_Ten_thousand_entries_of_three_terms_that_contradict_the_leaders_are_found_out_in_four_requests()
    {
        using var cluster = new VirtualCluster(servers: 3);
        SeedAll(cluster, term: 9, leaders: Terms(5, 6, 7), followers: Terms(2, 3, 4));
        VirtualServer away = cluster.Servers[2];
        int refused = 0;
        cluster.Network.Rewrite = answer =>
        {
            refused += answer is AppendEntriesResponse { NoRetryBackoff: true } ? 1 : 0;
            return answer;
        };

        cluster.StartAll();
        VirtualServer leader = cluster.AwaitLeader(cluster.Servers[0], cluster.Servers[1], away);
        cluster.AwaitSame();

        Assert.That(leader, Is.Not.EqualTo(away));
        Assert.That(refused, Is.InRange(1, 3), "the fourth request is accepted");
    }

    [TestCase(1_000_000ul)]
    [TestCase(8192ul)]
    [Reference("g06")]
    public void G06_Fifty_thousand_entries_are_caught_up_within_a_second_as_entries_or_as_a_snapshot(ulong threshold)
    {
        using var cluster = new VirtualCluster(servers: 3, s => s.Config = s.Config with { SnapshotThreshold = threshold });
        SeedAll(cluster, term: 9, leaders: [.. Enumerable.Repeat(2ul, 50_000)], followers: []);
        cluster.StartAll();
        cluster.AwaitLeader();
        TimeSpan elected = cluster.Clock.Now;

        cluster.Await("it has all", () => cluster.Servers.All(s => s.Node!.AppliedIndex >= 50_001));

        Assert.That(cluster.Clock.Now - elected, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void A33_Where_the_logs_part_is_told_only_to_a_leader_of_this_library()
    {
        using var lone = new LoneFollower();
        lone.Send(LoneFollower.Append("n2", 5, 1, 1, commit: 1, LoneFollower.Entries(2, 2, 2, 4, 5)));
        AppendEntriesRequest wrong = LoneFollower.Append("n2", 5, 5, 3, commit: 1);

        AppendEntriesResponse stranger = lone.Send(wrong).Append;
        lone.Send(new AskRequest(LoneFollower.Header("n2")));
        AppendEntriesResponse known = lone.Send(wrong).Append;

        Assert.That((stranger.NoRetryBackoff, stranger.ConflictIndex), Is.EqualTo((true, default(ulong?))));
        Assert.That((known.ConflictIndex, known.ConflictTerm), Is.EqualTo((3ul, 2ul)));
        Assert.That((known.LastLog, known.NoRetryBackoff, known.Success), Is.EqualTo((5ul, true, false)));
    }

    [Test]
    [Reference("a31")]
    public void A31_Sixty_four_entries_of_a_mebibyte_are_sixty_four_requests()
    {
        using VirtualCluster cluster = VirtualCluster.Running(servers: 3);
        VirtualServer leader = cluster.Leaders.Single();
        VirtualServer follower = cluster.Servers.First(s => s != leader);
        List<int> counts = [];
        int inFlight = 0;
        int most = 0;
        cluster.Network.Filter = (_, to, request) =>
        {
            if (to == follower.Address && request is AppendEntriesRequest { Entries.Count: > 0 } append)
            {
                counts.Add(append.Entries!.Sum(s => s.Count));
                most = Math.Max(most, ++inFlight);
            }

            return true;
        };
        cluster.Network.Rewrite = answer =>
        {
            inFlight -= answer is AppendEntriesResponse && answer.Header.Id == follower.Id && inFlight > 0 ? 1 : 0;
            return answer;
        };

        byte[] command = new byte[1 << 20];
        Task<ApplyResult>[] all = [.. Enumerable.Range(0, 64).Select(_ => leader.Node!.ApplyAsync(command).AsTask())];
        cluster.Run(Task.WhenAll(all));
        cluster.AwaitSame();

        Assert.That(counts, Has.Count.EqualTo(64).And.All.EqualTo(1));
        Assert.That(most, Is.GreaterThan(1), "several are sent when there is room");
    }

    private static ulong[] Terms(params ulong[] terms) => [.. terms.SelectMany(t => Enumerable.Repeat(t, Many / terms.Length))];

    private static void SeedAll(VirtualCluster cluster, ulong term, ulong[] leaders, ulong[] followers)
    {
        foreach (VirtualServer server in cluster.Servers)
        {
            ulong[] terms = server == cluster.Servers[2] ? followers : leaders;
            cluster.Seed(server, term, [.. terms.Length == 0 ? [] : new[] { LoneFollower.Entries(2, terms) }]);
        }
    }
}
