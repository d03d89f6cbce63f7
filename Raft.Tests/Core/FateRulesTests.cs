using Raft.Core;

namespace Raft.Tests.Core;

/// <summary>What became of an entry, from what is committed: always true, and as much as can be known.</summary>
public sealed class FateRulesTests
{
    private const int LogsTried = 20_000;

    [Test]
    public void What_is_told_is_true_of_every_log_and_as_much_as_the_log_shows()
    {
        var random = new Random(1);
        for (int i = 0; i < LogsTried; i++)
        {
            ulong[] terms = Terms(random);
            ulong committed = (ulong)random.Next(1, terms.Length + 1);
            ulong covered = (ulong)random.Next(0, (int)committed + 1);
            ulong? TermAt(ulong index) => index >= covered && index <= committed ? (index == 0 ? 0 : terms[index - 1]) : null;
            ulong index = (ulong)random.Next(1, terms.Length + 3);
            ulong term = (ulong)random.Next(1, 8);

            CommandFate? fate = FateRules.Decide(index, term, committed, TermAt, covered);

            bool mayBeCommitted = index <= committed ? terms[index - 1] == term : term >= terms[committed - 1];
            string seen = $"({index}, {term}) in [{string.Join(' ', terms)}], committed {committed}, covered {covered}: {fate}";
            switch (fate)
            {
                case CommandFate.Done:
                    Assert.That(index <= committed && terms[index - 1] == term, Is.True, seen);
                    break;
                case CommandFate.NotDone:
                    Assert.That(mayBeCommitted, Is.False, seen);
                    break;
                case CommandFate.Unknown:
                    Assert.That(index, Is.LessThan(covered), seen);
                    break;
                default:
                    Assert.That(index > committed && mayBeCommitted, Is.True, seen);
                    break;
            }
        }
    }

    private static ulong[] Terms(Random random)
    {
        ulong[] terms = new ulong[random.Next(1, 12)];
        ulong term = 1;
        for (int i = 0; i < terms.Length; i++)
        {
            term += (ulong)(random.Next(3) == 0 ? random.Next(1, 3) : 0);
            terms[i] = term;
        }

        return terms;
    }
}
