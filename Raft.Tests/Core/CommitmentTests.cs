using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class CommitmentTests
{
    private static ClusterConfiguration Voters(params string[] ids) =>
        new(ids.Select(id => new Server(id, $"{id}:1")));

    private static Commitment ThreeVoters(ulong firstIndexOfTerm = 1) =>
        new(Voters("n1", "n2", "n3"), firstIndexOfTerm, commitIndex: 0);

    [TestCase(new ulong[] { 5, 3, 4 }, 4ul)]
    [TestCase(new ulong[] { 5, 5, 0 }, 5ul)]
    [TestCase(new ulong[] { 5, 0, 0 }, 0ul)]
    [TestCase(new ulong[] { 1, 2, 3 }, 2ul)]
    [Reference("E4", "c22")]
    public void The_median_match_index_is_committed(ulong[] matches, ulong expected)
    {
        Commitment commitment = ThreeVoters();
        for (int i = 0; i < matches.Length; i++)
        {
            commitment.Match($"n{i + 1}", matches[i]);
        }

        Assert.That(commitment.CommitIndex, Is.EqualTo(expected));
    }

    [Test]
    [Reference("E4")]
    public void With_an_even_number_of_voters_half_is_no_majority()
    {
        var commitment = new Commitment(Voters("n1", "n2", "n3", "n4"), firstIndexOfTerm: 1, commitIndex: 0);

        commitment.Match("n1", 7);
        commitment.Match("n2", 7);

        Assert.That(commitment.CommitIndex, Is.Zero);
        Assert.That(commitment.Match("n3", 6), Is.True);
        Assert.That(commitment.CommitIndex, Is.EqualTo(6));
    }

    [Test]
    [Reference("E5", "c22", "a34")]
    public void An_entry_of_an_older_term_is_not_committed_by_counting_its_copies()
    {
        Commitment commitment = ThreeVoters(firstIndexOfTerm: 5);

        commitment.Match("n1", 4);
        commitment.Match("n2", 4);
        commitment.Match("n3", 4);

        Assert.That(commitment.CommitIndex, Is.Zero);
        Assert.That(commitment.HasCommittedOwnTerm, Is.False);
    }

    [Test]
    [Reference("a34")]
    public void The_first_entry_of_the_own_term_commits_everything_before_it()
    {
        Commitment commitment = ThreeVoters(firstIndexOfTerm: 5);

        commitment.Match("n1", 5);
        commitment.Match("n2", 5);

        Assert.That(commitment.CommitIndex, Is.EqualTo(5));
        Assert.That(commitment.HasCommittedOwnTerm, Is.True);
    }

    [Test]
    [Reference("E2")]
    public void A_lower_match_than_before_changes_nothing()
    {
        Commitment commitment = ThreeVoters();
        commitment.Match("n1", 9);
        commitment.Match("n2", 9);

        bool rose = commitment.Match("n2", 3);

        Assert.That(rose, Is.False);
        Assert.That(commitment.CommitIndex, Is.EqualTo(9));
        commitment.Match("n3", 20);
        commitment.Match("n3", 3);
        commitment.Match("n1", 15);
        Assert.That(commitment.CommitIndex, Is.EqualTo(15), "n3 still holds what it held");
    }

    [Test]
    [Reference("E3", "a27")]
    public void Nonvoters_and_strangers_are_not_counted()
    {
        var configuration = new ClusterConfiguration(
            new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"),
            new Server("l1", "l1:1", ServerSuffrage.Nonvoter), new Server("l2", "l2:1", ServerSuffrage.Staging));
        var commitment = new Commitment(configuration, firstIndexOfTerm: 1, commitIndex: 0);

        commitment.Match("n1", 8);
        commitment.Match("l1", 8);
        commitment.Match("l2", 8);
        commitment.Match("nobody", 8);

        Assert.That(commitment.CommitIndex, Is.Zero);
    }

    [Test]
    [Reference("E6")]
    public void Without_voters_nothing_ever_commits()
    {
        var commitment = new Commitment(ClusterConfiguration.Empty, firstIndexOfTerm: 1, commitIndex: 0);

        commitment.Match("n1", 8);

        Assert.That(commitment.CommitIndex, Is.Zero);
        commitment = ThreeVoters();
        commitment.SetConfiguration(ClusterConfiguration.Empty);
        Assert.That(commitment.Match("n1", 8), Is.False);
        Assert.That(commitment.CommitIndex, Is.Zero);
    }

    [Test]
    [Reference("E7", "g12")]
    public void A_single_voter_commits_at_once()
    {
        var commitment = new Commitment(Voters("n1"), firstIndexOfTerm: 1, commitIndex: 0);

        Assert.That(commitment.Match("n1", 8), Is.True);
        Assert.That(commitment.CommitIndex, Is.EqualTo(8));
    }

    [Test]
    [Reference("E1", "E4")]
    public void Another_configuration_keeps_what_is_known_of_voters_that_stay()
    {
        Commitment commitment = ThreeVoters();
        commitment.Match("n1", 9);
        commitment.Match("n2", 4);
        commitment.Match("n3", 2);

        bool rose = commitment.SetConfiguration(Voters("n1", "n2"));

        Assert.That(rose, Is.False);
        Assert.That(commitment.Match("n2", 9), Is.True);
        Assert.That(commitment.CommitIndex, Is.EqualTo(9));
    }

    [Test]
    [Reference("g13")]
    public void With_a_voter_less_what_the_others_hold_is_committed()
    {
        var commitment = new Commitment(Voters("n1", "n2"), firstIndexOfTerm: 1, commitIndex: 0);
        commitment.Match("n1", 9);
        commitment.Match("n2", 4);

        bool rose = commitment.SetConfiguration(Voters("n1"));

        Assert.That((rose, commitment.CommitIndex), Is.EqualTo((true, 9UL)));
    }

    [Test]
    public void The_commit_index_never_falls_when_voters_are_added_or_forgotten()
    {
        Commitment commitment = ThreeVoters();
        commitment.Match("n1", 9);
        commitment.Match("n2", 9);

        commitment.SetConfiguration(Voters("n1", "n4", "n5", "n6", "n7"));
        commitment.Forget("n1");

        Assert.That(commitment.CommitIndex, Is.EqualTo(9));
    }

    [Test]
    [Reference("E4", "c22")]
    public void The_commit_index_equals_brute_force_for_one_to_nine_voters()
    {
        var random = new Random(20_301);
        for (int round = 0; round < 2_000; round++)
        {
            int voters = random.Next(1, 10);
            ulong first = (ulong)random.Next(1, 6);
            ulong[] matches = [.. Enumerable.Range(0, voters).Select(_ => (ulong)random.Next(0, 12))];
            var commitment = new Commitment(
                Voters([.. Enumerable.Range(0, voters).Select(i => $"n{i}")]), first, commitIndex: 0);
            for (int i = 0; i < voters; i++)
            {
                commitment.Match($"n{i}", matches[i]);
            }

            ulong expected = 0;
            for (ulong index = first; index <= 12; index++)
            {
                expected = matches.Count(m => m >= index) > voters / 2 ? index : expected;
            }

            Assert.That(commitment.CommitIndex, Is.EqualTo(expected), $"round {round}: {string.Join(',', matches)} from {first}");
        }
    }
}
