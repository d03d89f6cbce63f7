using Raft.Simulation;
using Raft.Simulation.Linearizability;

namespace Raft.Tests.Simulation;

/// <summary>What the search costs, counted in steps, since time depends on the machine.</summary>
public sealed class LinearizabilityScaleTests
{
    [Test]
    public void A_key_with_60_unknown_operations_among_hundreds_is_decided_in_few_steps([Range(1, 20)] int seed)
    {
        List<RegisterOperation> operations = WithUnknown(seed, unknownCount: 60);

        LinearizabilityResult result = LinearizabilityChecker.Check(operations, new RegisterSpecification());

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), $"seed {seed}: {result}");
        Assert.That(result.Steps, Is.LessThan(100_000), $"seed {seed}");
    }

    [Test]
    public void A_stale_read_behind_60_unknown_operations_is_found_in_few_steps([Range(1, 20)] int seed)
    {
        List<RegisterOperation> operations = WithUnknown(seed, unknownCount: 60);
        RegisterOperation old = operations.First(o => IsPut(o) && o.InvokedAt.Ticks > 400);
        Assert.That(operations.Any(o => IsPut(o) && o.InvokedAt > old.EndedAt), Is.True, $"seed {seed}: it was overwritten");
        TimeSpan late = operations.Max(o => o.EndedAt ?? o.InvokedAt) + TimeSpan.FromTicks(1);
        var stale = new RegisterOperation(999, "k", RegisterCall.Get(), late);
        stale.Return(old.Call.Value, late + TimeSpan.FromTicks(1), node: null, logIndex: 0, term: 0);

        LinearizabilityResult result = LinearizabilityChecker.Check([.. operations, stale], new PlainRegister());

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Illegal), $"seed {seed}: {result}");
        Assert.That(result.Steps, Is.LessThan(1_000_000), $"seed {seed}");
    }

    [Test]
    public void A_usual_history_takes_few_steps_for_each_operation([Range(1, 20)] int seed)
    {
        List<RegisterOperation> operations =
            [.. Enumerable.Range(0, 8).SelectMany(key => Usual(5).Make(new Random((seed * 100) + key), 60, $"k{key}"))];

        LinearizabilityResult result = LinearizabilityChecker.Check(operations, new RegisterSpecification());

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), $"seed {seed}");
        Assert.That(result.Steps, Is.LessThan(5 * operations.Count), $"seed {seed}");
    }

    [Test]
    public void A_key_of_many_clients_is_decided_in_few_steps([Range(1, 20)] int seed)
    {
        List<RegisterOperation> operations = Usual(unknownPercent: 20, clients: 10).Make(new Random(seed), 300);

        LinearizabilityResult result = LinearizabilityChecker.Check(operations, new RegisterSpecification());

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), $"seed {seed}: {result}");
        Assert.That(result.Steps, Is.LessThan(50_000), $"seed {seed}");
    }

    [Test]
    public void What_really_happened_is_never_illegal([Range(1, 10)] int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 300; i++)
        {
            var histories = new RandomHistory<long, RegisterCall, long>(new RegisterSpecification(), AnyCall)
            {
                Clients = random.Next(2, 6),
                UnknownPercent = random.Next(10, 70),
            };

            LinearizabilityResult result = LinearizabilityChecker.Check(
                histories.Make(random, random.Next(10, 60)), new RegisterSpecification());

            Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Ok), $"seed {seed}, history {i}: {result}");
        }
    }

    [Test]
    public void A_search_that_would_take_too_many_steps_is_given_up_and_says_so()
    {
        LinearizabilityResult result = LinearizabilityChecker.Check(
            WithUnknown(seed: 1, unknownCount: 60), new RegisterSpecification(), stepsMax: 50);

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Unknown));
        Assert.That(result.Steps, Is.EqualTo(50));
        Assert.That(result.Key, Is.EqualTo("k"));
        Assert.That(result.Explanation, Does.Contain("50 steps"));
    }

    [Test]
    public void A_fault_is_found_though_the_search_of_another_key_is_given_up()
    {
        RegisterScript fault = new RegisterScript().Put(1, 10, from: 0, to: 1, key: "z").Get(1, 0, from: 2, to: 3, key: "z");

        LinearizabilityResult result = LinearizabilityChecker.Check(
            [.. WithUnknown(seed: 1, unknownCount: 60), .. fault.Operations], new PlainRegister(), stepsMax: 50);

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Illegal));
        Assert.That(result.Key, Is.EqualTo("z"));
    }

    /// <summary>Of few values, so that what an unknown write does can often be done by another, too.</summary>
    private static RegisterCall AnyCall(Random random, long state) => random.Next(3) switch
    {
        0 => RegisterCall.Get(),
        1 => RegisterCall.Put(random.Next(5)),
        _ => RegisterCall.CompareAndSwap(random.Next(2) == 0 ? state : random.Next(5), random.Next(5)),
    };

    private static RandomHistory<long, RegisterCall, long> Usual(int unknownPercent, int clients = 5)
    {
        long next = 0;
        return new RandomHistory<long, RegisterCall, long>(
            new RegisterSpecification(),
            (random, state) => random.Next(10) switch
            {
                < 4 => RegisterCall.Get(),
                < 7 => RegisterCall.Put(++next),
                _ => RegisterCall.CompareAndSwap(random.Next(3) == 0 ? next : state, ++next),
            })
        {
            Clients = clients,
            UnknownPercent = unknownPercent,
            LatestTicks = 2000,
        };
    }

    /// <summary>Hundreds of operations of one key, of which so many writes have an unknown outcome.</summary>
    private static List<RegisterOperation> WithUnknown(int seed, int unknownCount)
    {
        List<RegisterOperation> operations = Usual(unknownPercent: 35).Make(new Random(seed), 400);
        int unknown = operations.Count(IsUnknownWrite);
        Assert.That(unknown, Is.GreaterThanOrEqualTo(unknownCount), $"seed {seed}");
        return operations;
    }

    private static bool IsUnknownWrite(RegisterOperation operation) =>
        operation.Outcome == OperationOutcome.Unknown && operation.Call.Kind != RegisterCallKind.Get;

    private static bool IsPut(RegisterOperation operation) =>
        operation.Outcome == OperationOutcome.Returned && operation.Call.Kind == RegisterCallKind.Put;
}
