using Raft.Simulation;
using Raft.Simulation.Linearizability;

namespace Raft.Tests.Simulation;

/// <summary>The search against <see cref="BruteForce"/>, on small histories of all sorts.</summary>
public sealed class LinearizabilityAgreementTests
{
    private const int Histories = 12_000;
    private const int OperationsMax = 7;
    private const int UnknownMax = 4;

    [Test]
    public void Registers_with_unique_values_are_judged_as_by_brute_force([Values(1, 2)] int seed)
    {
        long next = 0;
        Compare(
            seed,
            new RegisterSpecification(),
            _ => next = 0,
            (random, state) => RegisterCallOf(random, ++next, expected: random.Next(3) == 0 ? random.Next(4) : state),
            corruptResult: (random, call, result) => IsSwap(call) ? 1 - result : random.Next(5));
    }

    [Test]
    public void Registers_with_few_values_are_judged_as_by_brute_force([Values(3, 4)] int seed) =>
        Compare(
            seed,
            new RegisterSpecification(new Dictionary<string, long>(StringComparer.Ordinal) { ["k"] = 1 }),
            _ => { },
            (random, _) => RegisterCallOf(random, random.Next(3), expected: random.Next(3)),
            corruptResult: (random, call, result) => IsSwap(call) ? 1 - result : random.Next(3));

    [Test]
    public void Registers_without_the_checks_before_the_search_are_judged_as_by_brute_force([Values(5, 6)] int seed) =>
        Compare(
            seed,
            new PlainRegister(),
            _ => { },
            (random, state) => RegisterCallOf(random, random.Next(4), expected: random.Next(2) == 0 ? random.Next(4) : state),
            corruptResult: (random, call, result) => IsSwap(call) ? 1 - result : random.Next(4));

    [Test]
    public void Counters_whose_additions_commute_are_judged_as_by_brute_force([Values(7, 8)] int seed) =>
        Compare(
            seed,
            new Counter(),
            _ => { },
            (random, _) => random.Next(2) == 0 ? 0 : random.Next(1, 4),
            corruptResult: (random, _, result) => result + random.Next(-2, 3));

    [Test]
    public void Lists_that_remember_every_append_are_judged_as_by_brute_force([Values(9, 10)] int seed) =>
        Compare(
            seed,
            new AppendList(),
            _ => { },
            (random, _) => random.Next(2) == 0 ? "" : ((char)('a' + random.Next(3))).ToString(),
            corruptResult: (random, _, result) => result.Length == 0 ? ['a'] : result[random.Next(1, result.Length + 1)..]);

    private static void Compare<TState, TCall, TResult>(
        int seed,
        SequentialSpecification<TState, TCall, TResult> specification,
        Action<int> begin,
        Func<Random, TState, TCall> nextCall,
        Func<Random, TCall, TResult, TResult> corruptResult)
        where TState : notnull
        where TCall : notnull
    {
        var random = new Random(seed);
        int legal = 0;
        int illegal = 0;
        for (int i = 0; i < Histories; i++)
        {
            begin(i);
            var histories = new RandomHistory<TState, TCall, TResult>(specification, nextCall)
            {
                Clients = random.Next(1, 5),
                UnknownPercent = random.Next(60),
                LongestTicks = random.Next(4, 40),
                LatestTicks = random.Next(1, 150),
            };
            List<HistoryOperation<TCall, TResult>> operations = histories.Make(random, random.Next(2, OperationsMax + 1));
            bool isCorrupt = i % 2 == 1;
            if (operations.Count(o => o.Outcome == OperationOutcome.Unknown) > UnknownMax)
            {
                continue;
            }

            operations = isCorrupt ? Corrupt(operations, random, corruptResult) : operations;
            bool expected = BruteForce.IsLinearizable(operations, specification);
            LinearizabilityResult found = LinearizabilityChecker.Check(operations, specification);

            IEnumerable<string> lines = operations.Select(
                o => $"{o.InvokedAt.Ticks} to {o.EndedAt?.Ticks} client {o.Client} {o.Outcome} {o.Call} {o.Result}");
            string context = $"seed {seed}, history {i}: {found}\n{string.Join('\n', lines)}";
            Assert.That(expected || isCorrupt, Is.True, $"a history as it was is linearizable, {context}");
            Assert.That(
                found.Verdict, Is.EqualTo(expected ? LinearizabilityVerdict.Ok : LinearizabilityVerdict.Illegal), context);
            legal += expected ? 1 : 0;
            illegal += expected ? 0 : 1;
        }

        TestContext.Out.WriteLine($"seed {seed}: {legal} legal, {illegal} illegal");
        Assert.That(legal, Is.GreaterThan(Histories / 3), "enough legal histories");
        Assert.That(illegal, Is.GreaterThan(Histories / 10), "enough illegal histories");
    }

    /// <summary>The same operations, of which one or two have another answer, another time or another outcome.</summary>
    private static List<HistoryOperation<TCall, TResult>> Corrupt<TCall, TResult>(
        List<HistoryOperation<TCall, TResult>> operations, Random random, Func<Random, TCall, TResult, TResult> corruptResult)
    {
        List<HistoryOperation<TCall, TResult>> corrupted = [.. operations];
        for (int times = random.Next(1, 3); times > 0; times--)
        {
            int at = random.Next(corrupted.Count);
            HistoryOperation<TCall, TResult> old = corrupted[at];
            bool moves = random.Next(3) == 0;
            TimeSpan later = moves ? TimeSpan.FromTicks(random.Next(-40, 60)) : TimeSpan.Zero;
            var changed = new HistoryOperation<TCall, TResult>(old.Client, old.Key, old.Call, old.InvokedAt + later);
            if (old.Outcome == OperationOutcome.Returned)
            {
                TResult result = moves ? old.Result! : corruptResult(random, old.Call, old.Result!);
                changed.Return(result, old.EndedAt!.Value + later, node: null, logIndex: 0, term: 0);
            }
            else if (old.Outcome == OperationOutcome.Unknown)
            {
                changed.Reject(changed.InvokedAt);
            }

            corrupted[at] = changed;
        }

        return corrupted;
    }

    private static RegisterCall RegisterCallOf(Random random, long value, long expected) => random.Next(4) switch
    {
        0 => RegisterCall.Put(value),
        1 => RegisterCall.CompareAndSwap(expected, value),
        _ => RegisterCall.Get(),
    };

    private static bool IsSwap(RegisterCall call) => call.Kind == RegisterCallKind.CompareAndSwap;

    /// <summary>A sum. The call 0 reads it, any other adds and is told nothing.</summary>
    private sealed class Counter : SequentialSpecification<int, int, int>
    {
        public override int InitialState(string key) => 0;

        public override (int State, int Result) Apply(int state, int call) => (state + call, call == 0 ? state : 0);

        public override bool IsRead(int call) => call == 0;
    }

    /// <summary>A text. The empty call reads it, any other appends and is told the length.</summary>
    private sealed class AppendList : SequentialSpecification<char[], string, char[]>
    {
        /// <summary>All states have one hash, so that the memo must compare them.</summary>
        public override IEqualityComparer<char[]> StateComparer { get; } =
            EqualityComparer<char[]>.Create((a, b) => a.AsSpan().SequenceEqual(b), _ => 0);

        public override IEqualityComparer<char[]> ResultComparer => StateComparer;

        public override char[] InitialState(string key) => [];

        public override (char[] State, char[] Result) Apply(char[] state, string call) =>
            ([.. state, .. call], call.Length == 0 ? state : [(char)state.Length]);
    }
}
