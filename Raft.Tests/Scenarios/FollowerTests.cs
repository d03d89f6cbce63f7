using Raft.Storage;
using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Scenarios;

/// <summary>What one server does with what others send it (§5.2 to §5.4), request by request.</summary>
public sealed class FollowerTests
{
    [Test]
    [Reference("B12", "c24")]
    public void Entries_that_follow_on_the_log_are_taken_and_acknowledged()
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2)));

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(answer.Append.Term, Is.EqualTo(2));
        Assert.That(follower.Terms, Is.EqualTo(new ulong[] { 1, 2, 2 }));
        Assert.That(follower.Node.CommitIndex, Is.EqualTo(1));
        Assert.That(follower.Node.Leader, Is.EqualTo(((ServerId)"n2", (ServerAddress)"addr2")));
    }

    [Test]
    [Reference("B12", "c24", "a13")]
    public void A_request_of_an_older_term_is_refused_with_the_present_one()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 5));

        Answer answer = follower.Send(Append("n3", 4, 1, 1, commit: 1, Entries(2, 4)));

        Assert.That(answer.Append.Success, Is.False);
        Assert.That(answer.Append.Term, Is.EqualTo(5));
        Assert.That(follower.Node.LastIndex, Is.EqualTo(1));
    }

    [TestCase(5ul, 1ul, TestName = "An_append_beyond_the_log_is_a_mismatch_that_names_the_last_index")]
    [TestCase(1ul, 9ul, TestName = "An_append_behind_an_entry_of_another_term_is_a_mismatch")]
    [Reference("B12", "c24", "j02")]
    public void A_mismatch_changes_nothing(ulong previousIndex, ulong previousTerm)
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(Append("n2", 9, previousIndex, previousTerm, commit: 9, Entries(previousIndex + 1, 9)));

        Assert.That(answer.Append.Success, Is.False);
        Assert.That(answer.Append.NoRetryBackoff, Is.True);
        Assert.That(answer.Append.LastLog, Is.EqualTo(1));
        Assert.That(follower.Node.CommitIndex, Is.Zero);
        Assert.That(follower.Terms, Is.EqualTo(new ulong[] { 1 }));
    }

    [Test]
    [Reference("B12", "c25", "a32")]
    public void A_conflicting_tail_gives_way_to_the_leaders()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2, 2)));

        Answer answer = follower.Send(Append("n3", 3, 2, 2, commit: 1, Entries(3, 3)));

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Terms, Is.EqualTo(new ulong[] { 1, 2, 3 }));
        Assert.That(follower.Disk.Entries.Select(e => e.Term), Is.EqualTo(new ulong[] { 1, 2, 3 }));
    }

    [Test]
    [Reference("B12", "a32", "g05")]
    public void Duplicates_leave_what_stands_behind_them_alone()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2, 2)));

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Terms, Is.EqualTo(new ulong[] { 1, 2, 2, 2 }));
    }

    [Test]
    [Reference("B13", "c27", "a18")]
    public void W9_the_commit_index_stays_within_what_the_request_proved()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2, 2)));

        follower.Send(Append("n3", 3, 1, 1, commit: 4, Entries(2, 2)));

        Assert.That(follower.Node.CommitIndex, Is.EqualTo(2));
        Assert.That(follower.Node.AppliedIndex, Is.EqualTo(2));
    }

    [Test]
    public void What_the_leader_says_is_committed_is_shown_although_the_log_does_not_reach_so_far()
    {
        using var follower = new LoneFollower();

        follower.Send(Append("n2", 2, 1, 1, commit: 240, Entries(2, 2)));
        Task<RaftStatus> status = follower.Node.GetStatusAsync();
        follower.Pass();

        Assert.That((status.Result.CommitIndex, status.Result.LeaderCommitIndex), Is.EqualTo((2ul, 240ul)));
    }

    [Test]
    [Reference("c34", "a41", "b06")]
    public void Success_waits_until_the_entries_are_durable()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 2, Entries(2, 2)));

        Assert.That(answer.HasCome, Is.False);
        Assert.That(follower.Node.CommitIndex, Is.EqualTo(2));
        Assert.That(follower.Node.AppliedIndex, Is.EqualTo(1), "the state machine is never ahead of the log on disk");
        follower.Disk.ReleaseWrites();
        follower.Pass();
        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Node.AppliedIndex, Is.EqualTo(2));
    }

    [Test]
    public void Success_for_duplicates_waits_until_the_first_copy_is_durable()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Answer again = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Assert.That(again.HasCome, Is.False);
    }

    [Test]
    public void An_answer_that_waited_while_the_term_changed_is_no_success()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;
        Answer waiting = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        follower.Send(Vote("n3", term: 3, lastIndex: 9, lastTerm: 2) with { LeadershipTransfer = true });
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(waiting.Append.Success, Is.False);
        Assert.That(waiting.Append.Term, Is.EqualTo(3));
    }

    [Test]
    public void An_answer_whose_entries_were_truncated_meanwhile_is_no_success()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldLogWrites = true;
        Answer waiting = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Answer newer = follower.Send(Append("n3", 3, 1, 1, commit: 1, Entries(2, 3)));
        Assert.That(newer.HasCome, Is.False);
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(waiting.Append.Success, Is.False);
        Assert.That(newer.Append.Success, Is.True);
        Assert.That(follower.Disk.Entries.Select(e => e.Term), Is.EqualTo(new ulong[] { 1, 3 }));
    }

    [Test]
    public void A_truncated_index_is_durable_only_by_the_write_that_put_its_present_entry_there()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2, 2)));
        Assert.That(follower.Node.Core.State.Log.DurableIndex, Is.EqualTo(3));
        follower.Disk.HoldLogWrites = true;

        Answer answer = follower.Send(Append("n3", 3, 1, 1, commit: 3, Entries(2, 3, 3)));

        Assert.That(answer.HasCome, Is.False);
        Assert.That(follower.Node.Core.State.Log.DurableIndex, Is.EqualTo(1));
        Assert.That(follower.Node.AppliedIndex, Is.EqualTo(1));
    }

    [Test]
    [Reference("a41")]
    public void A_term_is_durable_before_any_entry_of_it_and_before_any_answer_that_names_it()
    {
        using var follower = new LoneFollower();
        follower.Disk.HoldRecordWrites = true;

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));
        Assert.That(answer.HasCome, Is.False);
        Assert.That(follower.Disk.LastIndex, Is.EqualTo(1));
        follower.Disk.ReleaseWrites();
        follower.Pass();

        Assert.That(answer.Append.Success, Is.True);
        Assert.That(follower.Disk.History.TakeLast(2), Is.EqualTo(new[] { "save term 2", "append 2-2" }));
    }

    [Test]
    [Reference("B13")]
    public void W1_a_heartbeat_of_a_newer_term_goes_to_the_loop_and_waits_for_the_disk()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        follower.Disk.HoldRecordWrites = true;

        Answer newer = follower.Send(Heartbeat("n3", term: 3));
        Answer old = follower.Send(Heartbeat("n2", term: 2));

        Assert.That(newer.HasCome, Is.False);
        Assert.That(old.HasCome, Is.False, "the old leader must not be confirmed any more");
        follower.Disk.ReleaseWrites();
        follower.Pass();
        Assert.That(newer.Append.Success, Is.True);
        Assert.That(old.Append.Success, Is.False);
    }

    [Test]
    public void A_second_leader_of_one_term_is_refused_and_reaches_no_log()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)));

        Answer answer = follower.Send(Append("n3", 2, 1, 1, commit: 1, Entries(2, 2)));

        Assert.That(answer.Error, Does.Contain("already has a leader"));
        Assert.That(follower.Node.Leader.Id, Is.EqualTo((ServerId)"n2"));
    }

    [Test]
    public void A_leader_that_contradicts_a_committed_entry_is_refused_and_the_log_left_alone()
    {
        using var follower = new LoneFollower();
        follower.Send(Append("n2", 2, 1, 1, commit: 2, Entries(2, 2)));
        Assert.That(follower.Node.CommitIndex, Is.EqualTo(2));

        Answer answer = follower.Send(Append("n3", 3, 1, 1, commit: 2, Entries(2, 3)));

        Assert.That(((AppendEntriesResponse)answer.Response!).Success, Is.False);
        Assert.That(follower.Node.Completion.IsCompleted, Is.False);
        Assert.That(follower.Disk.Entries[^1].Term, Is.EqualTo(2));
    }

    [Test]
    public void Entries_out_of_order_are_refused_whole()
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(Append("n2", 5, 1, 1, commit: 1, Entries(2, 5), Entries(3, 4)));
        Answer later = follower.Send(Append("n2", 5, 1, 1, commit: 1, Entries(2, 6)));

        Assert.That(answer.Append.Success, Is.False);
        Assert.That(later.Append.Success, Is.False);
        Assert.That(follower.Node.LastIndex, Is.EqualTo(1));
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(4)]
    [Reference("D11")]
    public void A_protocol_version_that_is_not_spoken_is_refused_in_the_words_that_Go_knows(int version)
    {
        using var follower = new LoneFollower();

        Answer answer = follower.Send(Heartbeat("n2", term: 9) with { Header = Header("n2") with { ProtocolVersion = version } });

        Assert.That(answer.Error, Is.EqualTo("operation not supported with current protocol version"));
        Assert.That(follower.Node.Term, Is.EqualTo(1));
    }

    [Test]
    public void What_one_pipeline_carries_is_handled_in_its_order_entries_or_not()
    {
        using var follower = new LoneFollower();
        follower.Send(Heartbeat("n2", term: 2));
        Answer first = new();
        Answer second = new();

        // Both are there before the loop looks: the second speaks of what the first brings.
        follower.Hand(Append("n2", 2, 1, 1, commit: 1, Entries(2, 2)), first);
        follower.Hand(Append("n2", 2, 2, 2, commit: 1), second);
        follower.Pass();

        Assert.That(first.Append.Success, Is.True);
        Assert.That(second.Append.Success, Is.True);
    }

    [Test]
    [Reference("c25", "c26")]
    public void A_removed_configuration_gives_way_to_the_one_before()
    {
        using var follower = new LoneFollower();
        ClusterConfiguration before = follower.Node.Core.State.Configuration;
        byte[] other = ConfigurationEncoding.Encode(new ClusterConfiguration(new Server("n9", "addr9")));
        var configuration = new LogSlice(LogBatchBuilder.Single(
            2, 2, LogType.Configuration, other, LogTimestamp.Zero));
        follower.Send(Append("n2", 2, 1, 1, commit: 1, configuration));
        Assert.That(follower.Node.Core.State.Configuration.Find("n9"), Is.Not.Null);

        follower.Send(Append("n3", 3, 1, 1, commit: 1, Entries(2, 3)));

        Assert.That(follower.Node.Core.State.Configuration, Is.EqualTo(before));
    }

    [Test]
    public void A_configuration_that_cannot_be_read_is_refused()
    {
        using var follower = new LoneFollower();
        var broken = new LogSlice(LogBatchBuilder.Single(2, 2, LogType.Configuration, [0x81], LogTimestamp.Zero));

        Answer answer = follower.Send(Append("n2", 2, 1, 1, commit: 1, broken));

        Assert.That(answer.Append.Success, Is.False);
        Assert.That(follower.Node.LastIndex, Is.EqualTo(1));
    }
}
