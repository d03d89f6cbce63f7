using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>
/// Servers that ask before they campaign together with servers that do not: of this library by its setting, of Go by its
/// version (before 1.7 it ends the connection on the question).
/// </summary>
[Category("Interop")]
public sealed class PreVoteMixTests
{
    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [Test]
    [Reference("M3")]
    public async Task W42_the_only_server_with_the_newest_log_asks_first_and_is_elected_by_a_Go_server()
    {
        await using var cluster = new MixedCluster();
        Member behind = cluster.AddGo();
        Member leader = cluster.AddGo();
        Member net = cluster.Add();
        await MixedCluster.FoundAsync(leader, behind, net);
        await cluster.MakeLeaderAsync(leader);
        await leader.WriteManyAsync([("old", "value")]);
        await cluster.ConvergeAsync(behind, leader, net);

        await behind.KillAsync();
        await leader.WriteManyAsync([("new", "value")]);
        await cluster.ConvergeAsync(leader, net);
        await leader.KillAsync();
        await behind.StartAsync();

        Assert.That(await cluster.LeaderAsync(), Is.SameAs(net), "the other one lacks an entry that is committed");
        await cluster.ConvergeAsync(behind, net);
        Assert.That(await behind.ReadAsync("new"), Is.EqualTo("value"));
    }

    [TestCase("go go net", "on")]
    [TestCase("go go net", "off")]
    [TestCase("go net net", "on")]
    [TestCase("go net net", "off")]
    [TestCase("go go go net net", "on off")]
    [Reference("C8", "M3")]
    public async Task A_leader_that_is_gone_is_replaced_whoever_asks_first(string kinds, string preVotes)
    {
        await using var cluster = new MixedCluster();
        string[] settings = preVotes.Split(' ');
        int made = 0;
        Member[] voters =
        [
            .. kinds.Split(' ').Select(
                kind => kind == "go" ? (Member)cluster.AddGo() : cluster.Add($"--pre-vote={settings[made++ % settings.Length]}")),
        ];
        await MixedCluster.FoundAsync(voters);

        foreach (Member leader in (Member[])[voters[0], voters[^1]])
        {
            await cluster.MakeLeaderAsync(leader);
            await leader.WriteManyAsync([(leader.Id, "led")]);
            await leader.KillAsync();
            Member next = await cluster.LeaderAsync();
            await next.WriteManyAsync([(leader.Id, "is gone")]);
            await leader.StartAsync();
        }

        await cluster.ConvergeAsync(voters);
        Assert.That(await voters[0].ReadAsync(voters[^1].Id), Is.EqualTo("is gone"));
    }

    [Test]
    [Reference("M4")]
    public async Task Servers_that_ask_first_come_and_go_one_after_the_other_and_the_leader_stays()
    {
        await using var cluster = new MixedCluster();
        GoMember leader = cluster.AddGo();
        Member[] go = [leader, cluster.AddGo(), cluster.AddGo()];
        await MixedCluster.FoundAsync(go);
        await cluster.MakeLeaderAsync(leader);
        ulong term = await leader.TermAsync();

        // Followers are exchanged, each for one that asks first; then they go back.
        Member[] members = go;
        foreach (bool isGo in (bool[])[false, false, true, true])
        {
            Member joiner = isGo ? cluster.AddGo() : cluster.Add();
            Member leaves = members.First(m => m != leader && m.IsGo != joiner.IsGo);
            await joiner.StartAsync();
            await leader.AddNonvoterAsync(joiner);
            await leader.AddVoterAsync(joiner);
            await leader.RemoveAsync(leaves.Id);
            await leaves.TerminateAsync();
            members = [.. members.Where(m => m != leaves), joiner];
            await leader.WriteManyAsync([($"with {joiner.Id}", "value")]);
        }

        await cluster.ConvergeAsync(members);
        await cluster.HasMembersAsync(members, [], members);
        Assert.That((await leader.LeadsAsync(), await leader.TermAsync()), Is.EqualTo((true, term)));
    }
}
