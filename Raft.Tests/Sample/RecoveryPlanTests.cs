using Raft.Fsm.Sample.Recovery;

namespace Raft.Tests.Sample;

/// <summary>Which of the servers that are left should lead, and what is said of the others.</summary>
[TestFixture]
public sealed class RecoveryPlanTests
{
    private static readonly ClusterConfiguration Five = new(
        [.. Enumerable.Range(1, 5).Select(i => new Server($"n{i}", $"127.0.0.1:700{i}"))]);

    [Test]
    public void The_highest_last_term_wins_and_of_that_term_the_highest_index()
    {
        RecoveryPlan plan = Plan(Of("n1", [1, 1, 1, 1, 1], 2), Of("n2", [1, 1, 2], 2), Of("n3", [1, 1, 2, 2], 2));

        Assert.That(plan.Leader.Id, Is.EqualTo((ServerId)"n3"));
        Assert.That(plan.Why, Does.Contain("highest term"));
        Assert.That(plan.Together.Select(s => s.Id), Is.EqualTo(new ServerId[] { "n3" }));
        Assert.That(plan.Others.Select(s => s.FirstUnlike(plan.Leader)), Is.EqualTo(new ulong?[] { 3, null }));
    }

    [Test]
    public void Servers_with_the_very_same_last_entry_are_recovered_together_and_no_others()
    {
        RecoveryPlan plan = Plan(Of("n1", [1, 2, 2], 1), Of("n2", [1, 1, 2], 1), Of("n3", [1, 2, 2], 2), Of("n4", [1, 2, 2, 2], 0));

        Assert.That(plan.Leader.Id, Is.EqualTo((ServerId)"n4"));
        Assert.That(plan.Together, Has.Count.EqualTo(1));
        plan = Plan(Of("n1", [1, 2, 2], 1), Of("n2", [1, 1, 1], 1), Of("n3", [1, 2, 2], 2));
        Assert.That(plan.Together.Select(s => s.Id), Is.EqualTo(new ServerId[] { "n1", "n3" }));
        Assert.That(plan.CommitIndex, Is.EqualTo(2), "what anyone knows");
    }

    [Test]
    public void A_server_that_knows_more_to_be_committed_than_the_furthest_log_agrees_with_leads()
    {
        // §5.4.2, figure 8: the leader of term 4 committed entry 2 of term 2 along with one of its own, which is lost; n5 has
        // the entry of term 3 that gave way.
        RecoveryPlan plan = Plan(Of("n5", [1, 3], 1), Of("n2", [1, 2], 2));

        Assert.That(plan.Leader.Id, Is.EqualTo((ServerId)"n2"));
        Assert.That(plan.Why, Is.EqualTo(
            "n5 (/n5) ends with an entry of a higher term or index, but n2 (/n2) knows entry 2 of term 2 to be committed, and the former has one of term 3 there"));
        Assert.That(plan.Others.Single().FirstUnlike(plan.Leader), Is.EqualTo(2));
    }

    [Test]
    public void A_server_that_knows_more_to_be_committed_does_not_lead_where_the_furthest_log_has_it_too()
    {
        RecoveryPlan plan = Plan(Of("n1", [1, 2, 2, 3], 1), Of("n2", [1, 2, 2], 3));

        Assert.That(plan.Leader.Id, Is.EqualTo((ServerId)"n1"));
        Assert.That(plan.CommitIndex, Is.EqualTo(3));
    }

    [Test]
    public void A_furthest_term_that_lacks_a_committed_entry_does_not_lead()
    {
        RecoveryPlan plan = Plan(Of("n1", [1, 3], 1), Of("n2", [1, 2, 2], 3));

        Assert.That(plan.Leader.Id, Is.EqualTo((ServerId)"n2"));
        Assert.That(plan.Why, Does.Contain("knows entry 3 of term 2 to be committed, and the former has none there"));
    }

    [Test]
    public void What_a_snapshot_covers_is_compared_by_its_last_entry()
    {
        Survivor compacted = Of("n1", [], 8, snapshot: (8, 3), last: (8, 3));

        RecoveryPlan behind = Plan(compacted, Of("n2", [1, 1, 2, 2, 3, 3, 3, 3, 3], 4));
        RecoveryPlan other = Plan(compacted, Of("n2", [1, 1, 2, 2, 2, 2, 2, 4], 4));

        Assert.That(behind.Leader.Id, Is.EqualTo((ServerId)"n2"), "it has that entry too, and more");
        Assert.That(other.Leader.Id, Is.EqualTo((ServerId)"n1"), "it is committed, and the other has another one");
    }

    [Test]
    public void Servers_that_know_different_entries_to_be_committed_have_no_plan() =>
        Assert.That(RecoveryPlan.Of([Of("n1", [1, 1, 1], 2), Of("n2", [1, 2, 2], 3)]), Is.Null);

    [TestCase(1, false, true)]
    [TestCase(2, false, true)]
    [TestCase(3, true, false)]
    public void A_majority_that_is_left_is_seen_and_so_is_whether_all_acknowledged_writes_stand_on_one_of_them(int left, bool hasMajority, bool mayLack)
    {
        RecoveryPlan plan = Plan([.. Enumerable.Range(1, left).Select(i => Of($"n{i}", [1, 1], 1))]);

        Assert.That((plan.HasMajority, plan.MayLackWrites), Is.EqualTo((hasMajority, mayLack)));
        Assert.That(plan.Lost.Select(s => s.Id.ToString()), Is.EqualTo(Enumerable.Range(left + 1, 5 - left).Select(i => $"n{i}")));
    }

    [Test]
    public void Of_two_voters_one_that_is_left_has_every_write_that_was_acknowledged()
    {
        var two = new ClusterConfiguration(new Server("n1", "a:1"), new Server("n2", "a:2"));

        RecoveryPlan plan = Plan(Of("n1", [1, 1], 1, members: two));

        Assert.That((plan.HasMajority, plan.MayLackWrites), Is.EqualTo((false, false)));
    }

    [Test]
    public void A_recovery_that_was_interrupted_leaves_no_majority_that_could_run()
    {
        var both = new ClusterConfiguration(new Server("n1", "127.0.0.1:7001"), new Server("n2", "127.0.0.1:7002"));
        Survivor done = Of("n1", [], 3, snapshot: (3, 2), last: (3, 2), members: both);

        RecoveryPlan plan = Plan(done, Of("n2", [1, 2, 2], 1));

        Assert.That(plan.Together, Has.Count.EqualTo(2));
        Assert.That(plan.HasMajority, Is.False);
        Assert.That((done.IsRecoveredWith(both), done.IsRecoveredWith(Five)), Is.EqualTo((true, false)));
    }

    private static RecoveryPlan Plan(params Survivor[] survivors) => RecoveryPlan.Of(survivors)!;

    private static Survivor Of(
        string id, ulong[] terms, ulong commitIndex, (ulong Index, ulong Term)? snapshot = null, (ulong Index, ulong Term)? last = null,
        ClusterConfiguration? members = null)
    {
        var runs = new List<(ulong, ulong)>();
        if (snapshot is { } covered)
        {
            runs.Add(covered);
        }

        for (int i = 0; i < terms.Length; i++)
        {
            if (i == 0 || terms[i] != terms[i - 1])
            {
                runs.Add(((ulong)i + 1, terms[i]));
            }
        }

        (ulong index, ulong term) = last ?? ((ulong)terms.Length, terms[^1]);
        var state = new StoredState(
            new TermAndVote(term), index, term, commitIndex, new IndexedConfiguration(members ?? Five, 1), IsLogOver: false, AwaitedIndex: 0);
        return new Survivor($"/{id}", "wal", id, state, runs);
    }
}
