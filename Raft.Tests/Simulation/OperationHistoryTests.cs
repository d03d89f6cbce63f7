using Raft.Simulation;
using Raft.Tests.Support;

namespace Raft.Tests.Simulation;

public sealed class OperationHistoryTests
{
    private VirtualClock _clock = null!;
    private OperationHistory<RegisterCall, long> _history = null!;

    [SetUp]
    public void SetUp()
    {
        _clock = new VirtualClock();
        _history = new OperationHistory<RegisterCall, long>(_clock);
    }

    [Test]
    public void An_operation_is_in_the_history_from_its_invoke_on_with_an_unknown_outcome()
    {
        RegisterOperation put = _history.Invoke(client: 7, "k", RegisterCall.Put(3));

        Assert.That(_history.Operations, Is.EqualTo(new[] { put }));
        Assert.That((put.Client, put.Key, put.Call), Is.EqualTo((7, "k", RegisterCall.Put(3))));
        Assert.That((put.Outcome, put.EndedAt), Is.EqualTo((OperationOutcome.Unknown, (TimeSpan?)null)));
        Assert.That(put.InvokedAt, Is.EqualTo(_clock.Now));
    }

    [Test]
    public void A_return_records_when_what_and_where_it_was_answered()
    {
        RegisterOperation get = _history.Invoke(client: 7, "k", RegisterCall.Get());
        _clock.AdvanceToNextTimer(_clock.Now + TimeSpan.FromSeconds(1));

        _history.Return(get, 3, node: "n2", logIndex: 17, term: 4);

        Assert.That((get.Outcome, get.Result, get.Node), Is.EqualTo((OperationOutcome.Returned, 3L, (ServerId?)"n2")));
        Assert.That((get.LogIndex, get.Term, get.EndedAt), Is.EqualTo((17ul, 4ul, (TimeSpan?)_clock.Now)));
    }

    [Test]
    public void What_was_answered_before_something_else_was_invoked_is_not_concurrent_though_the_clock_stood_still()
    {
        RegisterOperation put = _history.Invoke(client: 1, "k", RegisterCall.Put(3));
        _history.Return(put, 0);
        RegisterOperation get = _history.Invoke(client: 2, "k", RegisterCall.Get());
        _history.Return(get, 0);

        Assert.That(put.EndedAt, Is.LessThan(get.InvokedAt));
        Assert.That(
            LinearizabilityChecker.Check(_history.Operations, new RegisterSpecification()).Verdict,
            Is.EqualTo(LinearizabilityVerdict.Illegal));
    }

    [Test]
    public void An_operation_ends_once()
    {
        RegisterOperation returned = _history.Invoke(client: 1, "k", RegisterCall.Put(3));
        RegisterOperation rejected = _history.Invoke(client: 2, "k", RegisterCall.Put(4));
        _history.Return(returned, 0);
        _history.Reject(rejected);

        Assert.That(() => _history.Return(returned, 0), Throws.InvalidOperationException);
        Assert.That(() => _history.Reject(returned), Throws.InvalidOperationException);
        Assert.That(() => _history.Return(rejected, 0), Throws.InvalidOperationException);
        Assert.That(returned.Outcome, Is.EqualTo(OperationOutcome.Returned));
        Assert.That(rejected.Outcome, Is.EqualTo(OperationOutcome.DidNotHappen));
    }

    [Test]
    public void A_specification_whose_read_writes_is_told_so()
    {
        RegisterOperation put = _history.Invoke(client: 1, "k", RegisterCall.Put(3));
        _history.Return(put, 0);

        Assert.That(
            () => LinearizabilityChecker.Check(_history.Operations, new EverythingIsARead()),
            Throws.InvalidOperationException.With.Message.Contains("put 3"));
    }

    private sealed class EverythingIsARead : SequentialSpecification<long, RegisterCall, long>
    {
        public override long InitialState(string key) => 0;

        public override (long State, long Result) Apply(long state, RegisterCall call) =>
            new RegisterSpecification().Apply(state, call);

        public override bool IsRead(RegisterCall call) => true;
    }
}
