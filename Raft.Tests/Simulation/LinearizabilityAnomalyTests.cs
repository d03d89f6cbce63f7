using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>The anomalies that have names, each as the smallest history that shows it, and what only looks so.</summary>
public sealed class LinearizabilityAnomalyTests
{
    private static IEnumerable<TestCaseData> IllegalHistories()
    {
        yield return Case("a stale read", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 3).Get(2, 10, from: 4, to: 5));
        yield return Case("a read that does not see an acknowledged write", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Get(2, 0, from: 2, to: 3));
        yield return Case("a lost update", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Swap(2, 10, 11, from: 2, to: 3).Get(3, 10, from: 4, to: 5));
        yield return Case("a read of a value before its write began", new RegisterScript()
            .Get(1, 10, from: 0, to: 1).Put(2, 10, from: 2, to: 3));
        yield return Case("two winners of one compare-and-swap", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Swap(2, 10, 11, from: 2, to: 5).Swap(3, 10, 12, from: 2, to: 5));
        yield return Case("a compare-and-swap that fails on what it expects", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Swap(2, 10, 11, from: 2, to: 3, swapped: false));
        yield return Case("a resurrected value", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 3).Get(2, 11, from: 4, to: 5).Get(3, 10, from: 6, to: 7));
        yield return Case("a new value that is seen, and then the old one again", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 9).Get(2, 11, from: 3, to: 4).Get(3, 10, from: 5, to: 6));
        yield return Case("two clients that see two writes in different orders", new RegisterScript()
            .Put(1, 10, from: 0, to: 9).Put(2, 11, from: 0, to: 9)
            .Get(3, 10, from: 1, to: 2).Get(3, 11, from: 3, to: 4).Get(4, 11, from: 1, to: 2).Get(4, 10, from: 3, to: 4));
        yield return Case("an unknown write that takes effect twice", new RegisterScript()
            .Put(1, 10, from: 0).Get(2, 10, from: 1, to: 2).Put(2, 11, from: 3, to: 4).Get(2, 11, from: 5, to: 6)
            .Get(3, 10, from: 7, to: 8));
        yield return Case("an unknown write that takes effect before its invoke", new RegisterScript()
            .Get(2, 10, from: 0, to: 1).Put(1, 10, from: 2));
        yield return Case("an unknown compare-and-swap without the value that it expects", new RegisterScript()
            .Swap(1, 10, 11, from: 0).Put(2, 9, from: 1, to: 2).Get(3, 11, from: 3, to: 4));
        yield return Case("a write that is seen though it was refused", new RegisterScript()
            .RejectedPut(1, 10, from: 0, to: 1).Get(2, 10, from: 2, to: 3));
        yield return Case("a value that nobody wrote", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Get(2, 12, from: 2, to: 3));
        yield return Case("a fault on the second of two keys", new RegisterScript()
            .Put(1, 10, from: 0, to: 1, key: "a").Get(1, 10, from: 2, to: 3, key: "a")
            .Put(2, 11, from: 0, to: 1).Get(2, 0, from: 2, to: 3));
    }

    private static IEnumerable<TestCaseData> LegalHistories()
    {
        yield return Case("nothing", new RegisterScript());
        yield return Case("a read of the old value beside a write", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 5).Get(2, 10, from: 3, to: 4));
        yield return Case("a read of the new value beside a write", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 11, from: 2, to: 5).Get(2, 11, from: 3, to: 4));
        yield return Case("a read that begins as the write returns", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Get(2, 0, from: 1, to: 2));
        yield return Case("an unknown write that takes effect late", new RegisterScript()
            .Put(1, 10, from: 0).Put(2, 11, from: 1, to: 2).Get(2, 11, from: 3, to: 4).Get(2, 10, from: 5, to: 6));
        yield return Case("an unknown write that takes effect never", new RegisterScript()
            .Put(1, 10, from: 0).Get(2, 0, from: 1, to: 2).Put(2, 11, from: 3, to: 4).Get(2, 11, from: 5, to: 6));
        yield return Case("an unknown write that only makes a compare-and-swap fail", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(2, 11, from: 2).Swap(3, 10, 12, from: 3, to: 4, swapped: false));
        yield return Case("unknown compare-and-swaps that take effect one through the other", new RegisterScript()
            .Swap(1, 11, 12, from: 0).Swap(2, 10, 11, from: 0).Swap(3, 0, 10, from: 0).Get(4, 12, from: 1, to: 2));
        yield return Case("a value of two unknown writes, of which only one can be there once more", new RegisterScript()
            .Put(1, 5, from: 0).Swap(2, 0, 5, from: 0.1).Get(3, 5, from: 1, to: 2).Put(3, 6, from: 3, to: 4)
            .Get(3, 6, from: 5, to: 6).Get(4, 5, from: 7, to: 8));
        yield return Case("an unknown write that could have taken effect early but was needed late", new RegisterScript()
            .Put(1, 9, from: 0).Put(2, 5, from: 0.1).Swap(3, 0, 1, from: 1, to: 2, swapped: false).Get(4, 5, from: 1, to: 2)
            .Put(3, 6, from: 3, to: 4).Get(3, 6, from: 5, to: 6).Get(3, 9, from: 7, to: 8));
        yield return Case("an unknown read, whatever it saw", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Get(2, 99, from: 2));
        yield return Case("a refused write", new RegisterScript()
            .RejectedPut(1, 10, from: 0, to: 1).Get(2, 0, from: 2, to: 3));
        yield return Case("a failed and a won compare-and-swap at once", new RegisterScript()
            .Swap(1, 0, 10, from: 0, to: 3).Swap(2, 0, 11, from: 0, to: 3, swapped: false).Get(3, 10, from: 4, to: 5));
        yield return Case("a removed value", new RegisterScript()
            .Put(1, 10, from: 0, to: 1).Put(1, 0, from: 2, to: 3).Get(2, 0, from: 4, to: 5));
        yield return Case("the same values on different keys", new RegisterScript()
            .Put(1, 10, from: 0, to: 1, key: "a").Put(1, 11, from: 2, to: 3, key: "b")
            .Get(2, 0, from: 4, to: 5).Get(2, 10, from: 6, to: 7, key: "a"));
    }

    [TestCaseSource(nameof(IllegalHistories))]
    public void An_anomaly_is_illegal(object script)
    {
        var history = (RegisterScript)script;

        Assert.That(history.Check().Verdict, Is.EqualTo(LinearizabilityVerdict.Illegal));
        Assert.That(history.Search().Verdict, Is.EqualTo(LinearizabilityVerdict.Illegal), "by the search alone");
        Assert.That(history.Check().Key, Is.EqualTo("k"));
        Assert.That(history.Search().Explanation, Does.StartWith("key \"k\": no order explains these answers"));
    }

    [TestCaseSource(nameof(LegalHistories))]
    public void What_only_looks_like_an_anomaly_is_legal(object script)
    {
        var history = (RegisterScript)script;

        Assert.That(history.Check().Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), history.Check().Explanation);
        Assert.That(history.Search().Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), "by the search alone");
    }

    private static TestCaseData Case(string name, RegisterScript script) => new TestCaseData(script).SetArgDisplayNames(name);
}
