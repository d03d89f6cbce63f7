using Raft.Storage;

namespace Raft.Tests.Storage;

public sealed class TermRunsTests
{
    [Test]
    public void Every_entry_has_the_term_of_its_run()
    {
        var runs = new TermRuns();
        runs.Append(1, 1);
        runs.Append(4, 3);
        runs.Append(5, 3);
        runs.Append(9, 7);

        Assert.That(new ulong[] { 1, 3, 4, 8, 9, 100 }.Select(runs.TermAt), Is.EqualTo(new ulong[] { 1, 1, 3, 3, 7, 7 }));
    }

    [Test]
    public void What_was_truncated_is_forgotten()
    {
        var runs = new TermRuns();
        runs.Append(1, 1);
        runs.Append(4, 3);
        runs.Append(9, 7);

        runs.TruncateSuffix(6);
        runs.Append(6, 8);

        Assert.That(new ulong[] { 3, 5, 6 }.Select(runs.TermAt), Is.EqualTo(new ulong[] { 1, 3, 8 }));
    }

    [Test]
    public void A_term_that_goes_down_stops_the_node()
    {
        var runs = new TermRuns();
        runs.Append(1, 5);

        Assert.That(() => runs.Append(2, 4), Throws.TypeOf<RaftFatalException>());
    }
}
