using Raft.Mutations;
using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Mutations;

/// <summary>The bugs that can be planted in a follower and in its way to the disk, request by request.</summary>
public sealed class FollowerMutationTests
{
    [Test]
    public void StaleTermAccepted_takes_entries_of_a_term_that_is_over([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.StaleTermAccepted));
        follower.Send(Vote("n3", term: 5, lastIndex: 1, lastTerm: 1));

        Answer answer = follower.Send(Append("n2", 4, 1, 1, commit: 1, Entries(2, 4)));

        Assert.That(answer.Append.Success, Is.EqualTo(isPlanted));
        Assert.That(follower.Node.LastIndex, Is.EqualTo(isPlanted ? 2 : 1));
    }

    [Test]
    public void TruncateWithoutCheck_drops_committed_entries_behind_a_duplicate([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.TruncateWithoutCheck));
        follower.Send(Append("n2", 2, 1, 1, commit: 4, Entries(2, 2, 2, 2)));

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 4, Entries(2, 2)));

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Terms.Count(), Is.EqualTo(isPlanted ? 2 : 4));
    }

    [Test]
    public void CommitBeyondProven_commits_a_tail_that_is_another_leaders([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.CommitBeyondProven));
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2, 2)));

        follower.Send(Append("n3", 3, 1, 1, commit: 4, Entries(2, 2)));

        Assert.That(follower.Node.CommitIndex, Is.EqualTo(isPlanted ? 4 : 2));
    }

    [Test]
    public void SuccessAfterLaterVote_acknowledges_entries_in_a_term_that_is_over([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.SuccessAfterLaterVote));
        Answer append = Hold(follower, commit: 1);
        RequestVoteRequest request = Vote("n3", term: 3, lastIndex: 2, lastTerm: 2) with { LeadershipTransfer = true };

        Answer vote = follower.Send(request);
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(vote.Vote.Granted, Is.True);
        Assert.That(append.Append.Success, Is.EqualTo(isPlanted));
        Assert.That(append.Append.Term, Is.EqualTo(isPlanted ? 2 : 3));
    }

    [Test]
    public void VoteByDurableLog_votes_for_a_log_that_lacks_what_is_in_memory([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.VoteByDurableLog));
        Hold(follower, commit: 1);

        Answer vote = follower.Send(
            Vote("n3", term: 3, lastIndex: 1, lastTerm: 1) with { LeadershipTransfer = true });
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(vote.Vote.Granted, Is.EqualTo(isPlanted));
    }

    [Test]
    public void VoteNotSynced_gives_a_vote_that_is_not_on_disk([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.VoteNotSynced));
        follower.Disk.HoldRecordWrites = true;

        Answer vote = follower.Send(Vote("n2", term: 2, lastIndex: 1, lastTerm: 1));

        Assert.That(vote.HasCome, Is.EqualTo(isPlanted));
        Assert.That(follower.Disk.Record, Is.EqualTo(new TermAndVote(1)));
        follower.Disk.ReleaseWrites();
    }

    [Test]
    public void LogNotSynced_acknowledges_what_is_not_on_disk([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.LogNotSynced));

        Answer append = Hold(follower, commit: 1);

        Assert.That(append.HasCome, Is.EqualTo(isPlanted));
        Assert.That(follower.Disk.LastIndex, Is.EqualTo(1));
        follower.Disk.ReleaseWrites();
    }

    [Test]
    public void RecordCountsForLog_acknowledges_what_was_queued_with_a_record([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.RecordCountsForLog));
        follower.Disk.HoldLogWrites = true;

        Answer append = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Assert.That(append.HasCome, Is.EqualTo(isPlanted));
        Assert.That(follower.Disk.LastIndex, Is.EqualTo(1));
        follower.Disk.ReleaseWrites();
    }

    [Test]
    public void DurableByIndex_acknowledges_entries_by_the_write_of_others_at_their_index([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.DurableByIndex));
        Hold(follower, commit: 1);
        Answer second = follower.Send(Append("n3", 3, 1, 1, commit: 1, Entries(2, 3)));

        // The first write ends, and only that one.
        follower.Disk.ReleaseWrites();
        follower.Disk.HoldLogWrites = true;
        follower.Pass();

        Assert.That(second.HasCome, Is.EqualTo(isPlanted));
        Assert.That(follower.Disk.Entries[^1].Term, Is.EqualTo(2));
        follower.Disk.ReleaseWrites();
    }

    [Test]
    public void AppliedBeforeDurable_applies_what_is_not_on_disk([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.AppliedBeforeDurable));

        Hold(follower, commit: 2);

        Assert.That(follower.Server.Fsm.Applied, Has.Count.EqualTo(isPlanted ? 1 : 0));
        follower.Disk.ReleaseWrites();
    }

    [Test]
    public void AppliedTwice_applies_an_entry_again([Values] bool isPlanted)
    {
        using var follower = new LoneFollower(Planted.If(isPlanted, Mutation.AppliedTwice));
        follower.Send(Heartbeat("n2", term: 2));
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2)));

        follower.Send(Append("n2", 2, 3, 2, commit: 3));

        Assert.That(
            follower.Server.Fsm.Applied.Select(a => a.Index), Is.EqualTo(isPlanted ? new ulong[] { 2, 3, 2 } : [2, 3]));
    }

    /// <summary>An append of an entry 2 of term 2, which does not come further than memory.</summary>
    private static Answer Hold(LoneFollower follower, ulong commit)
    {
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;
        return follower.Send(Append("n2", 2, 1, 1, commit, Entries(2, 2)));
    }
}
