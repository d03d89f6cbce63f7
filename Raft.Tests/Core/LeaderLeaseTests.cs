using Raft.Core;
using Raft.Mutations;

namespace Raft.Tests.Core;

/// <summary>Until when promises let a leader read.</summary>
public sealed class LeaderLeaseTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void It_ends_with_the_promise_of_the_slowest_server_of_the_best_majority_counted_from_the_question()
    {
        LeaderLease lease = Of(drift: 0, "n1", "n2", "n3", "n4", "n5");

        lease.Promised("n2", sentAt: Second * 10, promise: Second, now: Second * 10.9);
        Assert.That(lease.End, Is.EqualTo(TimeSpan.Zero), "two of five are no majority");
        lease.Promised("n3", sentAt: Second * 11, promise: Second * 3, now: Second * 11);
        lease.Promised("n4", sentAt: Second * 9, promise: Second, now: Second * 11);

        Assert.That(lease.End, Is.EqualTo(Second * 11), "n1, n2 and n3, of which n2's ends first");
    }

    [Test]
    public void Clocks_that_drift_shorten_it()
    {
        LeaderLease lease = Of(drift: 0.25, "n1", "n2", "n3");

        lease.Promised("n2", sentAt: Second, promise: Second, now: Second);

        Assert.That(lease.End, Is.EqualTo(Second * 1.8));
    }

    [Test]
    public void A_later_shorter_promise_takes_nothing_back_and_one_of_nobody_counts_for_nothing()
    {
        LeaderLease lease = Of(drift: 0, "n1", "n2", "n3");

        lease.Promised("n2", sentAt: Second, promise: Second * 5, now: Second);
        lease.Promised("n2", sentAt: Second * 2, promise: Second, now: Second * 2);
        lease.Promised("n9", sentAt: Second * 9, promise: Second, now: Second * 9);
        lease.Promised("n3", sentAt: Second, promise: TimeSpan.Zero, now: Second);

        Assert.That(lease.End, Is.EqualTo(Second * 6));
    }

    [Test]
    public void A_server_alone_always_has_it_and_one_without_a_vote_never()
    {
        Assert.That(Of(drift: 0, "n1").End, Is.EqualTo(TimeSpan.MaxValue));
        Assert.That(
            new LeaderLease(Configuration("n2", "n3"), "n1", drift: 0, Mutation.None).End, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public void A_member_that_comes_again_has_promised_nothing()
    {
        LeaderLease lease = Of(drift: 0, "n1", "n2", "n3");
        lease.Promised("n2", sentAt: Second, promise: Second, now: Second);
        lease.SetConfiguration(Configuration("n1", "n3"));
        Assert.That(lease.End, Is.EqualTo(TimeSpan.Zero));

        lease.SetConfiguration(Configuration("n1", "n2", "n3"));

        Assert.That(lease.End, Is.EqualTo(TimeSpan.Zero));
    }

    private static LeaderLease Of(double drift, params string[] voters) =>
        new(Configuration(voters), "n1", drift, Mutation.None);

    private static ClusterConfiguration Configuration(params string[] voters) =>
        new(voters.Select(v => new Server(v, $"addr of {v}")));
}
