using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>What is found without a search, and how it reads.</summary>
public sealed class HistoryFaultTests
{
    [Test]
    public void A_value_that_was_never_written_is_a_phantom()
    {
        LinearizabilityResult result = new RegisterScript().Put(1, 10, from: 0, to: 1).Get(2, 12, from: 2, to: 3).Check();

        AssertFault(result, "k", """
            key "k": the value 12 was seen, though nothing ever wrote it:
              2.0000000 s to 3.0000000 s  client 2  get -> 12
            """);
    }

    [Test]
    public void A_value_that_was_seen_before_its_write_began_is_a_phantom()
    {
        LinearizabilityResult result = new RegisterScript()
            .Swap(2, 10, 11, from: 0, to: 1).Put(1, 10, from: 3).Put(1, 10, from: 2, to: 3).Check();

        AssertFault(result, "k", """
            key "k": the value 10 was seen before any write of it began:
              0.0000000 s to 1.0000000 s  client 2  cas 10 11 -> swapped
              2.0000000 s to 3.0000000 s  client 1  put 10
            """);
    }

    [Test]
    public void A_value_of_a_refused_write_is_a_phantom()
    {
        LinearizabilityResult result = new RegisterScript()
            .RejectedPut(1, 10, from: 0, to: 1).Get(2, 10, from: 2, to: 3).Check();

        AssertFault(result, "k", """
            key "k": the value 10 was seen, though its write is recorded as not having happened:
              0.0000000 s to 1.0000000 s  client 1  put 10  (did not happen)
              2.0000000 s to 3.0000000 s  client 2  get -> 10
            """);
    }

    [Test]
    public void A_value_of_a_failed_swap_is_a_phantom()
    {
        LinearizabilityResult result = new RegisterScript()
            .Swap(1, 9, 10, from: 0, to: 1, swapped: false).Get(2, 10, from: 2, to: 3).Check();

        Assert.That(result.Explanation, Does.StartWith("key \"k\": the value 10 was seen, though nothing ever wrote it"));
    }

    [Test]
    public void The_initial_value_and_that_of_an_unknown_write_are_no_phantoms()
    {
        RegisterScript script = new RegisterScript().Get(1, 5, from: 0, to: 1).Put(2, 6, from: 0).Get(1, 6, from: 2, to: 3);

        LinearizabilityResult result = LinearizabilityChecker.Check(
            script.Operations, new RegisterSpecification(new Dictionary<string, long>(StringComparer.Ordinal) { ["k"] = 5 }));

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok));
    }

    [Test]
    public void The_reads_of_one_client_do_not_go_back()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0).Put(2, 11, from: 0)
            .Get(3, 10, from: 1, to: 2).Get(3, 11, from: 3, to: 4).Get(3, 11, from: 5, to: 6).Get(3, 10, from: 7, to: 8)
            .Check();

        AssertFault(result, "k", """
            key "k": client 3 saw the value 10, then another, then 10 again, which was written only once:
              1.0000000 s to 2.0000000 s  client 3  get -> 10
              5.0000000 s to 6.0000000 s  client 3  get -> 11
              7.0000000 s to 8.0000000 s  client 3  get -> 10
            """);
    }

    [Test]
    public void A_client_sees_its_own_writes()
    {
        LinearizabilityResult lostPut = new RegisterScript()
            .Get(1, 0, from: 0, to: 1).Put(1, 10, from: 2, to: 3).Get(1, 0, from: 4, to: 5).Check();
        LinearizabilityResult lostSwap = new RegisterScript()
            .Put(2, 10, from: 0, to: 1).Swap(1, 10, 11, from: 2, to: 3).Get(1, 10, from: 4, to: 5).Check();

        Assert.That(lostPut.Explanation, Does.StartWith("key \"k\": client 1 saw the value 0, then another, then 0 again"));
        AssertFault(lostSwap, "k", """
            key "k": client 1 saw the value 10, then another, then 10 again, which was written only once:
              2.0000000 s to 3.0000000 s  client 1  cas 10 11 -> swapped
              4.0000000 s to 5.0000000 s  client 1  get -> 10
            """);
    }

    [Test]
    public void A_value_that_may_have_been_written_twice_may_come_back()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Get(3, 10, from: 2, to: 3).Put(1, 11, from: 4, to: 5).Get(3, 11, from: 6, to: 7)
            .Put(2, 10, from: 0).Get(3, 10, from: 8, to: 9).Check();

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), result.Explanation);
    }

    [Test]
    public void Reads_that_one_client_sent_at_once_have_no_order()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 9)
            .Get(3, 10, from: 3, to: 8).Get(3, 11, from: 3, to: 8).Get(3, 10, from: 3, to: 8).Check();

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), result.Explanation);
    }

    [Test]
    public void A_log_index_is_acknowledged_once()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0, to: 3, key: "a", index: 7).Put(2, 11, from: 0, to: 3, key: "b", index: 7).Check();

        AssertFault(result, key: null, """
            log index 7 was acknowledged for two operations:
              key "a"  0.0000000 s to 3.0000000 s  client 1  put 10  index 7
              key "b"  0.0000000 s to 3.0000000 s  client 2  put 11  index 7
            """);
    }

    [Test]
    public void A_later_operation_has_a_later_log_index_whatever_its_key()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0, to: 1, key: "a", index: 9).Put(2, 11, from: 2, to: 3, key: "b", index: 8).Check();

        AssertFault(result, key: null, """
            an operation was invoked after another had returned, and has no later log index:
              key "a"  0.0000000 s to 1.0000000 s  client 1  put 10  index 9
              key "b"  2.0000000 s to 3.0000000 s  client 2  put 11  index 8
            """);
    }

    [Test]
    public void A_write_after_a_read_has_a_later_log_index_than_the_read()
    {
        LinearizabilityResult result = new RegisterScript()
            .Get(1, 0, from: 0, to: 1, index: 4).Put(2, 10, from: 2, to: 3, index: 4).Check();

        Assert.That(result.Explanation, Does.StartWith("an operation was invoked after another had returned"));
    }

    [Test]
    public void Reads_share_log_indexes_and_operations_at_once_have_them_in_any_order()
    {
        LinearizabilityResult result = new RegisterScript()
            .Put(1, 10, from: 0, to: 2, key: "a", index: 8).Put(2, 11, from: 1, to: 3, key: "b", index: 7)
            .Get(1, 10, from: 4, to: 5, key: "a", index: 8).Get(2, 11, from: 4, to: 5, key: "b", index: 8)
            .Put(3, 12, from: 4, to: 5, key: "b", index: 9).Check();

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), result.Explanation);
    }

    private static void AssertFault(LinearizabilityResult result, string? key, string explanation)
    {
        Assert.That(result.Explanation, Is.EqualTo(explanation));
        Assert.That((result.Verdict, result.Key, result.Steps), Is.EqualTo((LinearizabilityVerdict.Illegal, key, 0L)));
    }
}
