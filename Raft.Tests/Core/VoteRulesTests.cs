using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class VoteRulesTests
{
    private static readonly ClusterConfiguration Cluster = new(
        new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"),
        new Server("l1", "l1:1", ServerSuffrage.Nonvoter));

    /// <summary>A voter n1 in term 5 whose log ends at (10, 4), without a leader.</summary>
    private static VoterView Voter(TermAndVote? record = null, string? leader = null, ClusterConfiguration? cluster = null) =>
        new(record ?? new TermAndVote(5), cluster ?? Cluster, leader is not null, leader, leader is null ? null : $"{leader}:1",
            LastLogIndex: 10, LastLogTerm: 4);

    private static CandidateView Candidate(
        string? id = "n2", ulong term = 5, ulong lastIndex = 10, ulong lastTerm = 4, bool isTransfer = false) =>
        new(id, id is null ? "n2:1" : $"{id}:1", term, lastIndex, lastTerm, isTransfer);

    [Test]
    public void A_free_vote_goes_to_a_candidate_whose_log_is_as_good() =>
        Assert.That(VoteRules.Decide(Voter(), Candidate()), Is.EqualTo(VoteDecision.Grant));

    [TestCase(10ul, 4ul, VoteDecisionName.Grant)]
    [TestCase(11ul, 4ul, VoteDecisionName.Grant)]
    [TestCase(1ul, 5ul, VoteDecisionName.Grant)]
    [TestCase(9ul, 4ul, VoteDecisionName.LogBehind)]
    [TestCase(99ul, 3ul, VoteDecisionName.LogBehind)]
    [TestCase(0ul, 0ul, VoteDecisionName.LogBehind)]
    [Reference("d15", "j03")]
    public void Logs_are_compared_by_last_term_and_then_by_length(ulong lastIndex, ulong lastTerm, VoteDecisionName expected)
    {
        CandidateView candidate = Candidate(lastIndex: lastIndex, lastTerm: lastTerm);

        Assert.That(VoteRules.Decide(Voter(), candidate).ToString(), Is.EqualTo(expected.ToString()));
        Assert.That(VoteRules.DecidePreVote(Voter(), candidate).ToString(), Is.EqualTo(expected.ToString()));
    }

    /// <summary>All of §5.2 and §5.4.1 in one table: whose vote is free, whose log is as good, who is led.</summary>
    [Test]
    [Reference("a10")]
    public void A_vote_goes_to_whom_it_is_free_for_and_whose_log_is_as_good_while_no_other_leads(
        [Values(null, "n2", "n3")] string? votedFor, [Values(9, 10, 11)] int lastIndex, [Values(3, 4, 5)] int lastTerm,
        [Values(null, "n2", "n3")] string? leader, [Values] bool isPreVote)
    {
        VoterView voter = Voter(votedFor is null ? null : new TermAndVote(5, votedFor, $"{votedFor}:1"), leader);
        CandidateView candidate = Candidate("n2", isPreVote ? 6ul : 5ul, (ulong)lastIndex, (ulong)lastTerm);

        VoteDecision decision = isPreVote ? VoteRules.DecidePreVote(voter, candidate) : VoteRules.Decide(voter, candidate);

        bool isFree = isPreVote || votedFor != "n3";
        bool isAsGood = lastTerm == 5 || (lastTerm == 4 && lastIndex >= 10);
        Assert.That(decision == VoteDecision.Grant, Is.EqualTo(isFree && isAsGood && leader != "n3"), decision.ToString());
    }

    [TestCase(5ul, 10ul, 4ul, true)]
    [TestCase(4ul, 10ul, 4ul, true)]
    [TestCase(0ul, 10ul, 4ul, false)]
    [TestCase(5ul, 9ul, 4ul, false)]
    public void A_voter_gives_way_to_a_log_as_good_that_only_its_own_term_or_vote_keeps_it_from(
        ulong term, ulong lastIndex, ulong lastTerm, bool gives)
    {
        VoterView voter = Voter(new TermAndVote(5, "n1", "n1:1"));
        CandidateView candidate = Candidate(term: term, lastIndex: lastIndex, lastTerm: lastTerm);

        Assert.That(VoteRules.ShouldGiveWay(voter, candidate, VoteRules.Decide(voter, candidate)), Is.EqualTo(gives));
        voter = Voter(new TermAndVote(5, "n1", "n1:1"), leader: "n3");
        Assert.That(VoteRules.ShouldGiveWay(voter, candidate, VoteRules.Decide(voter, candidate)), Is.False);
    }

    [Test]
    [Reference("d15")]
    public void A_vote_is_given_once_a_term() =>
        Assert.That(
            VoteRules.Decide(Voter(new TermAndVote(5, "n3", "n3:1")), Candidate()),
            Is.EqualTo(VoteDecision.VotedForOther));

    [Test]
    [Reference("d15")]
    public void The_same_candidate_is_granted_its_vote_again() =>
        Assert.That(
            VoteRules.Decide(Voter(new TermAndVote(5, "n2", "n2:1")), Candidate()), Is.EqualTo(VoteDecision.Grant));

    [Test]
    public void A_repeated_request_is_still_held_to_the_log_check() =>
        Assert.That(
            VoteRules.Decide(Voter(new TermAndVote(5, "n2", "n2:1")), Candidate(lastIndex: 9)),
            Is.EqualTo(VoteDecision.LogBehind));

    [Test]
    public void A_candidate_without_an_id_is_known_by_its_address()
    {
        Assert.That(VoteRules.Decide(Voter(), Candidate(id: null)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(
            VoteRules.Decide(Voter(new TermAndVote(5, "n2", "n2:1")), Candidate(id: null)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(
            VoteRules.Decide(Voter(new TermAndVote(5, default, "n3:1")), Candidate(id: null)),
            Is.EqualTo(VoteDecision.VotedForOther));
    }

    [Test]
    [Reference("d15")]
    public void An_old_term_gets_nothing() =>
        Assert.That(VoteRules.Decide(Voter(), Candidate(term: 4)), Is.EqualTo(VoteDecision.OldTerm));

    [Test]
    [Reference("d15")]
    public void A_newer_term_is_adopted_first() =>
        Assert.That(VoteRules.Decide(Voter(), Candidate(term: 6)), Is.EqualTo(VoteDecision.AdoptTerm));

    [Test]
    [Reference("C3", "C10", "d15", "a11", "g07")]
    public void A_known_leader_is_protected_and_the_term_does_not_move()
    {
        Assert.That(VoteRules.Decide(Voter(leader: "n3"), Candidate(term: 6)), Is.EqualTo(VoteDecision.LeaderKnown));
        Assert.That(VoteRules.DecidePreVote(Voter(leader: "n3"), Candidate(term: 6)), Is.EqualTo(VoteDecision.LeaderKnown));
    }

    [Test]
    [Reference("C3", "C10", "d15", "d17", "a38")]
    public void The_leader_itself_and_whom_it_sent_may_campaign()
    {
        Assert.That(VoteRules.Decide(Voter(leader: "n2"), Candidate()), Is.EqualTo(VoteDecision.Grant));
        Assert.That(VoteRules.DecidePreVote(Voter(leader: "n2"), Candidate()), Is.EqualTo(VoteDecision.Grant));
        Assert.That(VoteRules.Decide(Voter(leader: "n3"), Candidate(isTransfer: true)), Is.EqualTo(VoteDecision.Grant));
    }

    [Test]
    [Reference("C4", "d15", "g07")]
    public void A_stranger_gets_nothing_and_moves_no_term() =>
        Assert.That(VoteRules.Decide(Voter(), Candidate("n9", term: 9, lastIndex: 9)), Is.EqualTo(VoteDecision.NotMember));

    [TestCase("n9")]
    [TestCase("l1")]
    public void Whoever_has_a_log_as_good_may_have_a_vote_that_is_not_known_here(string id)
    {
        Assert.That(VoteRules.Decide(Voter(), Candidate(id)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(VoteRules.Decide(Voter(), Candidate(id, lastIndex: 11)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(VoteRules.Decide(Voter(), Candidate(id, lastIndex: 1, lastTerm: 5)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(VoteRules.DecidePreVote(Voter(), Candidate(id, term: 6, lastIndex: 11)), Is.EqualTo(VoteDecision.Grant));
        Assert.That(
            VoteRules.Decide(Voter(leader: "n3"), Candidate(id, term: 9, lastIndex: 11)), Is.EqualTo(VoteDecision.LeaderKnown));
    }

    [Test]
    [Reference("d15")]
    public void A_nonvoter_moves_the_term_and_gets_no_vote()
    {
        Assert.That(VoteRules.Decide(Voter(), Candidate("l1", term: 9, lastIndex: 9)), Is.EqualTo(VoteDecision.AdoptTerm));
        Assert.That(VoteRules.Decide(Voter(), Candidate("l1", lastIndex: 9)), Is.EqualTo(VoteDecision.NotVoter));
        Assert.That(VoteRules.DecidePreVote(Voter(), Candidate("l1", term: 9, lastIndex: 9)), Is.EqualTo(VoteDecision.NotVoter));
    }

    [Test]
    public void A_server_that_knows_no_cluster_votes_for_whoever_asks() =>
        Assert.That(
            VoteRules.Decide(
                new VoterView(new TermAndVote(5), ClusterConfiguration.Empty, IsLeaderProtected: false, default, default, 0, 0),
                Candidate("n9")),
            Is.EqualTo(VoteDecision.Grant));

    [Test]
    public void A_pre_vote_for_a_later_term_is_decided_without_adopting_it() =>
        Assert.That(VoteRules.DecidePreVote(Voter(), Candidate(term: 6)), Is.EqualTo(VoteDecision.Grant));

    [Test]
    public void A_pre_vote_does_not_look_at_the_vote_of_the_present_term() =>
        Assert.That(
            VoteRules.DecidePreVote(Voter(new TermAndVote(5, "n3", "n3:1")), Candidate(term: 6)),
            Is.EqualTo(VoteDecision.Grant));

    /// <summary>The internal enum's names, since test parameters must be public.</summary>
    public enum VoteDecisionName
    {
        Grant,
        LogBehind,
    }
}
