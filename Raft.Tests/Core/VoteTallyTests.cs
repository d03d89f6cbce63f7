using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class VoteTallyTests
{
    private static readonly ClusterConfiguration Five = new(
        new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"), new Server("n4", "n4:1"),
        new Server("n5", "n5:1"), new Server("l1", "l1:1", ServerSuffrage.Nonvoter));

    [TestCase("", "", "Pending")]
    [TestCase("n1 n2", "n3 n4", "Pending")]
    [TestCase("n1 n2 n3", "", "Won")]
    [TestCase("n1 n2 n3", "n4 n5", "Won")]
    [TestCase("", "n3 n4 n5", "Lost")]
    [TestCase("n1 n2 l1", "", "Pending")]
    [TestCase("n1 n2 n2 n2", "", "Pending")]
    [TestCase("n1 n2 n9", "l1 n9", "Pending")]
    [Reference("a14", "g08")]
    public void A_majority_of_the_voters_decides(string granted, string refused, string expected)
    {
        var tally = new VoteTally(Five);
        foreach (string id in granted.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            tally.Note(id, granted: true);
        }

        foreach (string id in refused.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            tally.Note(id, granted: false);
        }

        Assert.That(tally.Outcome.ToString(), Is.EqualTo(expected));
    }

    [Test]
    public void An_answer_that_was_taken_back_counts_no_more_and_the_next_does()
    {
        var tally = new VoteTally(Five);
        tally.Note("n1", granted: true);
        tally.Note("n2", granted: true);
        tally.Note("n3", granted: false);

        Assert.That(new[] { tally.TakeBack("n2"), tally.TakeBack("n3"), tally.TakeBack("n4") }, Is.EqualTo(new[] { true, true, false }));
        tally.Note("n3", granted: true);
        Assert.That(tally.Outcome, Is.EqualTo(VoteOutcome.Pending), "n2 may not say yes again");
        tally.Note("n2", granted: true);
        Assert.That(tally.Outcome, Is.EqualTo(VoteOutcome.Won));
    }

    [Test]
    [Reference("a14")]
    public void The_only_voter_wins_with_its_own_vote()
    {
        var tally = new VoteTally(new ClusterConfiguration(new Server("n1", "n1:1")));

        tally.Note("n1", granted: true);

        Assert.That(tally.Outcome, Is.EqualTo(VoteOutcome.Won));
    }

    [Test]
    public void A_voter_that_changes_its_mind_is_counted_once()
    {
        var tally = new VoteTally(Five);
        tally.Note("n1", granted: true);
        tally.Note("n2", granted: true);
        tally.Note("n3", granted: false);

        tally.Note("n3", granted: true);

        Assert.That(tally.Outcome, Is.EqualTo(VoteOutcome.Pending));
    }
}
