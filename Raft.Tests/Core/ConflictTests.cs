using Raft.Core;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>How a leader finds where a follower's log parts from its own, with both sides looking at terms (a33).</summary>
public sealed class ConflictTests
{
    [Test]
    [Reference("a33")]
    public void A33_It_takes_no_more_requests_than_there_are_terms_and_two()
    {
        var random = new Random(33);
        for (int round = 0; round < 20_000; round++)
        {
            (Log leader, Log follower, ulong common) = Pair(random);

            (ulong match, int requests) = Probe(leader, follower);

            string logs = $"leader {leader}, follower {follower}";
            Assert.That(match, Is.EqualTo(common), logs);
            Assert.That(requests, Is.LessThanOrEqualTo(Math.Min(leader.TermsBehind(common), follower.TermsBehind(common)) + 2), logs);
        }
    }

    [Test]
    public void A33_A_hint_that_lies_loses_no_entry_and_takes_no_proof_back()
    {
        var random = new Random(34);
        for (int round = 0; round < 5_000; round++)
        {
            (Log leader, Log follower, ulong common) = Pair(random);

            (ulong match, _) = Probe(leader, follower, () => random.Next(2) == 0 ? ulong.MaxValue : (ulong)random.Next(40));

            Assert.That(match, Is.LessThanOrEqualTo(common), "nothing is passed over");
        }
    }

    [Test]
    public void A33_A_hint_leads_neither_forward_nor_below_what_is_known_to_match()
    {
        var progress = new PeerProgress(lastIndex: 20);
        Answer(progress, 20, 20, isMatch: true);
        progress.Restart();
        progress.Sent(new InFlight(30, 30, 0, default, 0));

        Assert.That(progress.Mismatched(progress.Answered(), lastLog: 29, mayMatch: 3), Is.True);
        Assert.That((progress.MatchIndex, progress.NextIndex), Is.EqualTo((20ul, 21ul)));
        progress.Sent(new InFlight(20, 20, 0, default, 0));
        progress.Matched(progress.Answered());
        Assert.That(progress.NextIndex, Is.EqualTo(21));
    }

    [Test]
    public void A33_Without_a_hint_it_goes_back_as_Go_does()
    {
        var progress = new PeerProgress(lastIndex: 20);
        progress.Sent(new InFlight(20, 20, 0, default, 0));

        progress.Mismatched(progress.Answered(), lastLog: 40);

        Assert.That(progress.NextIndex, Is.EqualTo(20));
    }

    private static void Answer(PeerProgress progress, ulong previous, ulong last, bool isMatch)
    {
        progress.Sent(new InFlight(previous, last, 0, default, 0));
        InFlight request = progress.Answered();
        Assert.That(isMatch || progress.Mismatched(request, lastLog: previous));
        if (isMatch)
        {
            progress.Matched(request);
        }
    }

    /// <summary>Probes until the logs match, or until nothing is left.</summary>
    /// <returns>Where they match, and after how many requests.</returns>
    private static (ulong Match, int Requests) Probe(Log leader, Log follower, Func<ulong>? lie = null)
    {
        var progress = new PeerProgress(leader.LastIndex);
        for (int requests = 1; ; requests++)
        {
            Assert.That(requests, Is.LessThan(1000), "the probing ends");
            ulong previous = progress.NextIndex - 1;
            progress.Sent(new InFlight(previous, previous, 0, default, 0));
            InFlight request = progress.Answered();
            if (previous == 0 || (previous <= follower.LastIndex && follower.TermAt(previous) == leader.TermAt(previous)))
            {
                progress.Matched(request);
                return (progress.MatchIndex, requests);
            }

            ulong hint = follower.LastUpTo(previous, leader.TermAt(previous));
            ulong mayMatch = lie?.Invoke() ?? (hint == 0 ? 0 : leader.LastUpTo(hint, follower.TermAt(hint)));
            Assert.That(progress.Mismatched(request, follower.LastIndex, mayMatch), Is.True);
        }
    }

    /// <summary>Two logs such as may stand in one cluster: what they have of one term begins alike.</summary>
    private static (Log Leader, Log Follower, ulong Common) Pair(Random random)
    {
        var leader = new List<ulong>();
        var follower = new List<ulong>();
        ulong term = 1;
        for (int i = random.Next(15); i > 0; i--)
        {
            term += random.Next(3) == 0 ? 1ul : 0;
            leader.Add(term);
            follower.Add(term);
        }

        ulong common = (ulong)leader.Count;

        // The last term of both goes on in one of them at most; each later one is in one of them alone.
        (random.Next(2) == 0 ? leader : follower).AddRange(Enumerable.Repeat(term, random.Next(2) * random.Next(5)));
        for (int i = random.Next(12); i > 0; i--)
        {
            term++;
            (random.Next(2) == 0 ? leader : follower).AddRange(Enumerable.Repeat(term, random.Next(6)));
        }

        return (new Log(leader), new Log(follower), common);
    }

    private sealed class Log
    {
        private readonly List<ulong> _terms;
        private readonly TermRuns _runs = new();

        public Log(List<ulong> terms)
        {
            _terms = terms;
            for (int i = 0; i < terms.Count; i++)
            {
                _runs.Append((ulong)i + 1, terms[i]);
            }
        }

        public ulong LastIndex => (ulong)_terms.Count;

        public ulong TermAt(ulong index) => _terms[(int)index - 1];

        public ulong LastUpTo(ulong index, ulong term) => _runs.LastUpTo(Math.Min(index, LastIndex), term);

        public int TermsBehind(ulong index) => _terms.Skip((int)index).Distinct().Count();

        public override string ToString() => string.Join(' ', _terms);
    }
}
