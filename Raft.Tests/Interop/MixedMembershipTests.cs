using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Servers that come and go, and lose their votes, by the word of a leader of either kind.</summary>
[Category("Interop")]
public sealed class MixedMembershipTests
{
    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [TestCase(true)]
    [TestCase(false)]
    [Reference("M5", "c23")]
    public async Task A_leader_of_either_kind_adds_demotes_promotes_and_removes_servers_of_both(bool isGoLeader)
    {
        await using var cluster = new MixedCluster();
        Member go = cluster.AddGo();
        Member net = cluster.Add();
        Member leader = isGoLeader ? go : net;
        Member other = isGoLeader ? net : go;
        await MixedCluster.FoundAsync(leader, other);
        await cluster.MakeLeaderAsync(leader);
        Member moreGo = cluster.AddGo();
        Member moreNet = cluster.Add();
        foreach (Member more in (Member[])[moreGo, moreNet])
        {
            await more.StartAsync();
            await leader.AddNonvoterAsync(more);
        }

        await cluster.HasMembersAsync([go, net], [moreGo, moreNet], cluster.Members);
        await leader.AddVoterAsync(moreGo);
        await leader.AddVoterAsync(moreNet);
        await leader.WriteManyAsync([("with-four", "voters")]);
        await cluster.HasMembersAsync(cluster.Members, [], cluster.Members);
        await leader.DemoteAsync(moreGo.Id);
        await leader.DemoteAsync(moreNet.Id);
        await cluster.HasMembersAsync([go, net], [moreGo, moreNet], cluster.Members);
        await cluster.ConvergeAsync([.. cluster.Members]);
        await leader.AddVoterAsync(moreGo);
        await leader.AddVoterAsync(moreNet);

        // A leader that removes itself, and one that is removed by another's word.
        await leader.RemoveAsync(leader.Id);
        Member[] left = [.. cluster.Members.Where(m => m != leader)];
        Member next = await cluster.LeaderAsync(left);
        await next.WriteManyAsync([("without", leader.Id)]);
        await cluster.HasMembersAsync(left, [], left);
        await cluster.ConvergeAsync(left);

        Assert.That(await moreGo.ReadAsync("with-four"), Is.EqualTo("voters"));
        Assert.That(await moreNet.ReadAsync("without"), Is.EqualTo(leader.Id));
    }
}
