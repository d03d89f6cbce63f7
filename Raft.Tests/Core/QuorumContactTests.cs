using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class QuorumContactTests
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(0.5);

    private static readonly ClusterConfiguration Cluster = new(
        new Server("n1", "n1:1"), new Server("n2", "n2:1"), new Server("n3", "n3:1"),
        new Server("l1", "l1:1", ServerSuffrage.Nonvoter), new Server("l2", "l2:1", ServerSuffrage.Nonvoter));

    private static QuorumContact Leader() => new(Cluster, "n1", Start);

    private static TimeSpan At(double seconds) => Start + TimeSpan.FromSeconds(seconds);

    [Test]
    [Reference("a17")]
    public void The_leader_and_one_of_two_followers_are_a_quorum()
    {
        QuorumContact contact = Leader();

        contact.Acknowledge("n3", At(4), round: 0);

        Assert.That(contact.QuorumSentAt(At(5)), Is.EqualTo(At(4)));
    }

    [Test]
    public void Without_an_answer_contact_ends_at_the_start_of_the_leadership() =>
        Assert.That(Leader().QuorumSentAt(At(5)), Is.EqualTo(Start));

    [Test]
    public void A_leader_that_hears_nobody_has_lost_its_quorum_when_the_lease_is_over()
    {
        QuorumContact contact = Leader();
        contact.Acknowledge("n3", At(4), round: 0);

        Assert.That(contact.LookAt(At(4.2), Lease), Is.EqualTo(At(4.5)));
        Assert.That(contact.IsLost(At(4.499), Lease), Is.False);
        Assert.That(contact.IsLost(At(4.5), Lease), Is.True);
    }

    [Test]
    public void A_leader_that_stood_still_itself_has_one_more_lease_to_hear_of_a_quorum()
    {
        QuorumContact contact = Leader();
        contact.Acknowledge("n3", At(4), round: 0);

        Assert.That(contact.IsLost(At(4.9), Lease), Is.False);
        Assert.That(contact.LookAt(At(4.9), Lease), Is.EqualTo(At(5.4)));
        Assert.That(contact.IsLost(At(5.4), Lease), Is.True, "nobody answered");
    }

    [Test]
    public void However_often_it_stands_still_it_is_excused_once_until_it_hears_of_a_quorum()
    {
        QuorumContact contact = Leader();
        contact.Acknowledge("n3", At(4), round: 0);
        Assert.That(contact.IsLost(At(5), Lease), Is.False);
        Assert.That(contact.IsLost(At(7), Lease), Is.True);

        contact.Acknowledge("n2", At(7), round: 0);
        Assert.That(contact.IsLost(At(8), Lease), Is.False, "it heard of one meanwhile");
    }

    [Test]
    [Reference("G5")]
    public void Answers_of_nonvoters_prove_nothing()
    {
        QuorumContact contact = Leader();

        contact.Acknowledge("l1", At(4), round: 7);
        contact.Acknowledge("l2", At(4), round: 7);

        Assert.That(contact.QuorumSentAt(At(5)), Is.EqualTo(Start));
        Assert.That(contact.QuorumRound(lastRound: 7), Is.Zero);
    }

    [Test]
    [Reference("G6", "c21")]
    public void A_question_is_answered_by_requests_sent_after_it_only()
    {
        QuorumContact contact = Leader();

        contact.Acknowledge("n2", At(1), round: 6);
        Assert.That(contact.QuorumRound(lastRound: 7), Is.EqualTo(6));

        contact.Acknowledge("n3", At(2), round: 7);
        Assert.That(contact.QuorumRound(lastRound: 7), Is.EqualTo(7));
    }

    [Test]
    public void An_answer_that_was_overtaken_does_not_set_the_contact_back()
    {
        QuorumContact contact = Leader();
        contact.Acknowledge("n2", At(3), round: 5);

        contact.Acknowledge("n2", At(1), round: 2);

        Assert.That(contact.QuorumSentAt(At(5)), Is.EqualTo(At(3)));
        Assert.That(contact.QuorumRound(lastRound: 5), Is.EqualTo(5));
    }

    [Test]
    public void A_single_voter_is_its_own_quorum()
    {
        var contact = new QuorumContact(new ClusterConfiguration(new Server("n1", "n1:1")), "n1", Start);

        Assert.That(contact.QuorumSentAt(At(9)), Is.EqualTo(At(9)));
        Assert.That(contact.QuorumRound(lastRound: 3), Is.EqualTo(3));
    }

    [Test]
    public void A_leader_without_a_vote_needs_a_majority_of_the_others()
    {
        var contact = new QuorumContact(
            new ClusterConfiguration(new Server("n2", "n2:1"), new Server("n3", "n3:1")), "n1", Start);

        contact.Acknowledge("n2", At(4), round: 3);

        Assert.That(contact.QuorumRound(lastRound: 3), Is.Zero);
    }
}
