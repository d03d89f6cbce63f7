using System.Text;
using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Repair;

namespace Raft.Tests.Sample;

/// <summary>When a server that is down may be removed, and how it is known to be down.</summary>
[TestFixture]
public sealed class RemovalRulesTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    [TestCase("n1 n2- n3", "n2", null)]
    [TestCase("n1 n2- n3-", "n2", "without n2 the cluster has 2 voters and needs 2 of them, and n3 does not answer: bring it back first")]
    [TestCase("n1 n2- n3-", "n4", null)]
    [TestCase("n1 n2-", "n2", null)]
    [TestCase("n1 n2- n3- n4", "n2", null)]
    [TestCase("n1 n2- n3- n4-", "n2", "n3, n4 do not answer: bring them back first")]
    [TestCase("n1 n2- n3- n4 n5", "n2", null)]
    [TestCase("n1 n2- n3- n4- n5", "n2", "has 4 voters and needs 3 of them, and n3, n4 do not answer")]
    [TestCase("n1 n2- n3-n", "n2", null)]
    [TestCase("n1 n2-n n3-", "n2", null)]
    [TestCase("n1", "n1", "n1 is the only voter")]
    public void A_voter_is_removed_only_where_the_others_that_answer_are_a_majority_without_it(string members, string id, string? refusal) =>
        Assert.That(RemovalRules.WhyNot(View(members), id, Silence), refusal is null ? Is.Null : Does.Contain(refusal));

    [TestCase(null, null, false)]
    [TestCase(100, 300, false)]
    [TestCase(100, 100, false)]
    [TestCase(300, 100, true)]
    [TestCase(null, 100, true)]
    [TestCase(100, null, false)]
    public void Who_has_answered_since_is_silent_for_less_than_before(int? before, int? now, bool expected) =>
        Assert.That(RemovalRules.HasAnswered(Of(before), Of(now)), Is.EqualTo(expected));

    [Test]
    public void What_the_leader_says_is_read_and_others_are_no_leaders()
    {
        const string Leader = """
            {"id":"n1","state":"Leader","configuration":{"index":1,"servers":[{"id":"n1","address":"a:1","suffrage":"Voter"},
             {"id":"n2","address":"a:2","suffrage":"Voter"},{"id":"n3","address":"a:3","suffrage":"Nonvoter"}]},
             "followers":[{"id":"n2","matchIndex":1,"nextIndex":2,"lastContactMs":12,"mode":"Pipeline"},
             {"id":"n3","matchIndex":1,"nextIndex":2,"lastContactMs":null,"mode":"Probe"}]}
            """;

        ClusterView view = ClusterView.Read(new AdminReply(200, Encoding.UTF8.GetBytes(Leader)))!;

        Assert.That(view.Leader, Is.EqualTo("n1"));
        Assert.That(view.Members, Is.EqualTo(new[]
        {
            new MemberView("n1", true, null), new MemberView("n2", true, TimeSpan.FromMilliseconds(12)), new MemberView("n3", false, null),
        }));
        Assert.That(ClusterView.Read(new AdminReply(200, """{"id":"n2","state":"Follower"}"""u8.ToArray())), Is.Null);
    }

    /// <summary>n1 leads; a minus says that a server is silent, an n behind it that it does not vote.</summary>
    private static ClusterView View(string members) => new("n1",
    [
        .. members.Split(' ').Select(m => new MemberView(
            m[..2], !m.EndsWith('n'), m.Contains('-') ? Silence : m == "n1" ? null : TimeSpan.FromMilliseconds(10))),
    ]);

    private static MemberView Of(int? contact) => new("n2", true, contact is { } ms ? TimeSpan.FromMilliseconds(ms) : null);
}
