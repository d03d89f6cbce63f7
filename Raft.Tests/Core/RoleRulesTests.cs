using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>Which role may come after which (§5.1, figure 4).</summary>
public sealed class RoleRulesTests
{
    [TestCase(RaftState.Follower, RaftState.Follower, true)]
    [TestCase(RaftState.Follower, RaftState.Candidate, true)]
    [TestCase(RaftState.Follower, RaftState.Leader, false)]
    [TestCase(RaftState.Follower, RaftState.Shutdown, true)]
    [TestCase(RaftState.Candidate, RaftState.Follower, true)]
    [TestCase(RaftState.Candidate, RaftState.Candidate, true)]
    [TestCase(RaftState.Candidate, RaftState.Leader, true)]
    [TestCase(RaftState.Candidate, RaftState.Shutdown, true)]
    [TestCase(RaftState.Leader, RaftState.Follower, true)]
    [TestCase(RaftState.Leader, RaftState.Candidate, false)]
    [TestCase(RaftState.Leader, RaftState.Leader, false)]
    [TestCase(RaftState.Leader, RaftState.Shutdown, true)]
    [TestCase(RaftState.Shutdown, RaftState.Follower, false)]
    [TestCase(RaftState.Shutdown, RaftState.Candidate, false)]
    [TestCase(RaftState.Shutdown, RaftState.Leader, false)]
    [TestCase(RaftState.Shutdown, RaftState.Shutdown, false)]
    [Reference("a04")]
    public void A_role_is_followed_by_those_that_may_come_after_it(RaftState role, RaftState next, bool mayFollow) =>
        Assert.That(RoleRules.MayFollow(role, next), Is.EqualTo(mayFollow));

    [Test]
    [Reference("a04")]
    public void A_node_refuses_a_role_that_may_not_come_next()
    {
        using var follower = new LoneFollower();

        Assert.That(
            () => follower.Node.Core.State.BecomeRole(RaftState.Leader), Throws.TypeOf<RaftFatalException>());
        Assert.That(follower.Node.State, Is.EqualTo(RaftState.Follower));
    }
}
