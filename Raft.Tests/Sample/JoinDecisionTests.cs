using Raft.Fsm.Sample.Join;

namespace Raft.Tests.Sample;

/// <summary>What comes next on the way into a cluster.</summary>
public sealed class JoinDecisionTests
{
    [TestCase(false, ExpectedResult = JoinStep.Wait, TestName = "A voter whose log may be an old one waits")]
    [TestCase(true, ExpectedResult = JoinStep.Done, TestName = "A voter that is as far as its leader is done")]
    public object A_voter_asks_for_nothing(bool isReady) => JoinDecision.Next(new JoinSelf { IsVoter = true, IsReady = isReady });

    [TestCase(false)]
    [TestCase(true)]
    public void Who_does_not_vote_asks_for_it(bool isReady) =>
        Assert.That(JoinDecision.Next(new JoinSelf { IsReady = isReady }), Is.EqualTo(JoinStep.Join));

    [TestCase(false)]
    [TestCase(true)]
    public void An_empty_disk_is_removed_first_whatever_else_holds(bool holds) => Assert.That(
        JoinDecision.Next(new JoinSelf { IsHeld = true, IsVoter = holds, IsReady = holds }), Is.EqualTo(JoinStep.Remove));
}
