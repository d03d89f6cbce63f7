using Raft.Core;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class AppendEntriesRulesTests
{
    /// <summary>Entries from an index on, of these terms.</summary>
    private static LogSlice Entries(ulong firstIndex, params ulong[] terms)
    {
        var builder = new LogBatchBuilder();
        Span<byte> stamp = stackalloc byte[LogEncoding.TimestampBytesMax];
        stamp = stamp[..LogTimestampEncoding.Write(stamp, LogTimestamp.Zero)];
        for (int i = 0; i < terms.Length; i++)
        {
            builder.Add(firstIndex + (ulong)i, terms[i], LogType.Command, stamp, [1], isDataNil: false, default, isExtensionsNil: true);
        }

        return new LogSlice(builder.Build());
    }

    /// <summary>A log with these terms from index 1 on.</summary>
    private static Func<ulong, ulong?> Log(params ulong[] terms) =>
        index => index == 0 ? 0 : index <= (ulong)terms.Length ? terms[index - 1] : null;

    [TestCase(9ul, 4ul, 4ul, true)]
    [TestCase(9ul, 4ul, 3ul, false)]
    [TestCase(9ul, null, 4ul, false)]
    [TestCase(0ul, 0ul, 0ul, true)]
    [TestCase(5ul, null, 4ul, true, TestName = "What a snapshot covers needs no proof")]
    [TestCase(6ul, null, 4ul, false, TestName = "What lies behind a snapshot and is not held is not proven")]
    [TestCase(5ul, 3ul, 4ul, false, TestName = "The snapshot's last entry is compared like any other")]
    [Reference("B12")]
    public void The_log_must_hold_the_entry_before(
        ulong previousIndex, ulong? termAtPrevious, ulong previousTerm, bool isAccepted) =>
        Assert.That(
            AppendEntriesRules.Check(previousIndex, termAtPrevious, previousTerm, coveredIndex: 5) == AppendVerdict.Accept,
            Is.EqualTo(isAccepted));

    [Test]
    [Reference("B12", "a32")]
    public void What_a_snapshot_covers_is_not_new() =>
        Assert.That(
            AppendEntriesRules.FirstNew([Entries(1, 1, 1, 2, 2)], i => i > 2 ? Log(1, 1, 2)(i) : null, coveredIndex: 2),
            Is.EqualTo(4));

    [Test]
    [Reference("B12")]
    public void What_lies_beyond_the_log_is_new() =>
        Assert.That(AppendEntriesRules.FirstNew([Entries(3, 2, 2)], Log(1, 1)), Is.EqualTo(3));

    [Test]
    [Reference("B12")]
    public void What_the_log_holds_is_not_new() =>
        Assert.That(AppendEntriesRules.FirstNew([Entries(1, 1, 2)], Log(1, 2, 2)), Is.Null);

    [Test]
    [Reference("B12", "a32", "g05")]
    public void An_overlap_is_left_alone_up_to_its_first_new_entry() =>
        Assert.That(AppendEntriesRules.FirstNew([Entries(1, 1, 2, 3)], Log(1, 2)), Is.EqualTo(3));

    [Test]
    [Reference("B12")]
    public void The_first_entry_of_another_term_is_new() =>
        Assert.That(AppendEntriesRules.FirstNew([Entries(1, 1), Entries(2, 3, 3)], Log(1, 2, 2, 2)), Is.EqualTo(2));

    [Test]
    [Reference("B12", "c27", "a18")]
    public void Nothing_is_committed_beyond_what_the_request_proved()
    {
        Assert.That(AppendEntriesRules.CommitIndex(leaderCommitIndex: 9, lastProvenIndex: 4), Is.EqualTo(4));
        Assert.That(AppendEntriesRules.CommitIndex(leaderCommitIndex: 3, lastProvenIndex: 4), Is.EqualTo(3));
    }
}
