using System.Globalization;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Clusters of Go servers and servers of this library, each its own process, over TCP.</summary>
[Category("Interop")]
public sealed class MixedClusterTests
{
    private const string WritesVariable = "RAFT_INTEROP_WRITES";

    /// <summary>How many values each leader is given: few in each test run, as many as the variable says in a run of its own.</summary>
    private static int Writes => Environment.GetEnvironmentVariable(WritesVariable) is { Length: > 0 } number
        ? int.Parse(number, CultureInfo.InvariantCulture) : 1000;

    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [TestCase("go go net")]
    [TestCase("net go go")]
    [TestCase("go net net")]
    [TestCase("net net go")]
    [TestCase("go go net net")]
    [TestCase("net net go go")]
    [Reference("M5", "c23")]
    public async Task Each_voter_in_turn_leads_and_all_hold_what_was_written(string founders)
    {
        await using var cluster = new MixedCluster();
        Member[] voters = [.. founders.Split(' ').Select(kind => kind == "go" ? (Member)cluster.AddGo() : cluster.Add())];
        await MixedCluster.FoundAsync(voters);
        Member[] members = voters;
        await cluster.LeaderAsync();
        if (voters.Length == 4)
        {
            members = [.. voters, await JoinAsync(cluster, voters[0], cluster.AddGo()), await JoinAsync(cluster, voters[2], cluster.Add())];
        }

        foreach (Member leader in Turns(voters))
        {
            await cluster.MakeLeaderAsync(leader);
            await leader.WriteManyAsync(
                [.. Enumerable.Range(0, Writes).Select(i => ($"{leader.Id}-{i % 97}", $"{i} of {leader}"))]);
        }

        await cluster.ConvergeAsync(members);
        await cluster.HasMembersAsync(voters, members.Except(voters), members);
    }

    [TestCase("go net go")]
    [TestCase("net go net")]
    public async Task A_name_of_the_cluster_is_passed_over_by_Go_and_asked_of_nobody_who_has_none(string founders)
    {
        await using var cluster = new MixedCluster { Options = ["--cluster-id=blue"] };
        Member[] voters = [.. founders.Split(' ').Select(kind => kind == "go" ? (Member)cluster.AddGo() : cluster.Add())];
        await MixedCluster.FoundAsync(voters);
        await cluster.LeaderAsync();

        foreach (Member leader in Turns(voters))
        {
            await cluster.MakeLeaderAsync(leader);
            await leader.WriteManyAsync([.. Enumerable.Range(0, 100).Select(i => ($"{leader.Id}-{i}", $"{i} of {leader}"))]);
        }

        await cluster.ConvergeAsync(voters);
    }

    /// <summary>
    /// Each voter at least once, so that all directions occur but one: where a Go server before 1.3.4 hands over to another, a
    /// heartbeat of the first can stop the second from campaigning.
    /// </summary>
    private static IEnumerable<Member> Turns(Member[] voters)
    {
        Member between = voters.First(v => !v.IsGo);
        for (int i = 0; i < voters.Length; i++)
        {
            if (i > 0 && voters[i].IsGo && voters[i - 1].IsGo)
            {
                yield return between;
            }

            yield return voters[i];
        }
    }

    private static async Task<Member> JoinAsync(MixedCluster cluster, Member leader, Member server)
    {
        await cluster.MakeLeaderAsync(leader);
        await server.StartAsync();
        await leader.AddNonvoterAsync(server);
        return server;
    }
}
