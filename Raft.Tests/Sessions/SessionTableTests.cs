using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Sessions;

/// <summary>What the table says to a request, and what it forgets.</summary>
public sealed class SessionTableTests
{
    private SessionTable _table = new();
    private ulong _index;

    [SetUp]
    public void SetUp()
    {
        _table = new SessionTable();
        _index = 0;
    }

    [Test]
    [Reference("c35")]
    public void A_request_is_new_once_and_its_repetition_gets_the_kept_result()
    {
        Assert.That(Apply("a", 1, "first").Verdict, Is.EqualTo(SessionVerdict.New));
        Assert.That(Apply("b", 1, "other").Verdict, Is.EqualTo(SessionVerdict.New));

        SessionAnswer again = Apply("a", 1, "second");

        Assert.That((again.Verdict, again.Index, Text(again)), Is.EqualTo((SessionVerdict.Repeated, 1ul, "first")));
        Assert.That(again.IsApplied, Is.True);
    }

    [Test]
    public void A_request_behind_a_later_one_is_superseded_and_a_gap_is_none()
    {
        Apply("a", 3, "third");
        Apply("a", 7, "seventh");

        SessionAnswer late = Apply("a", 3, "again");
        SessionAnswer skipped = Apply("a", 5, "too late");

        Assert.That((late.Verdict, late.Index, late.IsApplied), Is.EqualTo((SessionVerdict.Superseded, 2ul, false)));
        Assert.That(skipped.Verdict, Is.EqualTo(SessionVerdict.Superseded));
        Assert.That(Text(Apply("a", 7, "again")), Is.EqualTo("seventh"));
    }

    [Test]
    public void Sessions_that_are_idle_for_longest_are_expired_first()
    {
        Apply("a", 1, "");
        Apply("b", 1, "");
        Apply("c", 1, "");
        Apply("a", 2, "");

        int expired = _table.Expire(limit: 2);

        Assert.That(expired, Is.EqualTo(1));
        Assert.That(_table.Entries.Select(e => e.Client), Is.EqualTo(new[] { "c", "a" }));
        Assert.That((_table.ForgottenIndex, _table.LastIndex), Is.EqualTo((2ul, 4ul)));
        Assert.That(_table.Expire(limit: 2), Is.Zero);
    }

    [TestCase(1ul)]
    [TestCase(2ul)]
    [Reference("c35")]
    public void A_request_of_an_expired_session_is_never_applied_again_whatever_its_number(ulong number)
    {
        Apply("a", 1, "first");
        Apply("a", 2, "second");
        Apply("b", 1, "");
        _table.Expire(limit: 1);

        SessionAnswer again = Apply("a", number, "twice");

        Assert.That((again.Verdict, again.Index), Is.EqualTo((SessionVerdict.Unknown, 3ul)));
        Assert.That(_table.Find("a"), Is.Null);
    }

    [Test]
    public void After_an_expiry_a_session_begins_where_the_answer_says()
    {
        Apply("a", 1, "");
        Apply("b", 1, "");
        _table.Expire(limit: 1);
        Assert.That(Apply("new", 1, "").Verdict, Is.EqualTo(SessionVerdict.Unknown), "it may be an old one, for all that is known");
        ulong index = Apply("new", 1, "").Index;

        SessionAnswer begun = Apply("new", 1, "r", openedAt: index);
        SessionAnswer again = Apply("new", 1, "r", openedAt: index);

        Assert.That(begun.Verdict, Is.EqualTo(SessionVerdict.New));
        Assert.That(again.Verdict, Is.EqualTo(SessionVerdict.Repeated));
    }

    [Test]
    public void An_expired_session_stays_forgotten_though_its_client_takes_its_name_again()
    {
        Apply("a", 5, "old");
        _table.Expire(limit: 0);
        ulong index = Apply("a", 5, "").Index;
        Apply("a", 1, "new", openedAt: index);

        SessionAnswer late = Apply("a", 5, "twice");

        Assert.That(late.Verdict, Is.EqualTo(SessionVerdict.Unknown));
        Assert.That(_table.Find("a")!.Number, Is.EqualTo(1));
    }

    [Test]
    public void A_session_cannot_have_been_opened_behind_its_own_request()
    {
        Assert.That(Apply("a", 1, "", openedAt: 1).Verdict, Is.EqualTo(SessionVerdict.Refused));
        Assert.That(Apply("a", 1, "", openedAt: 1).Verdict, Is.EqualTo(SessionVerdict.New));
    }

    [Test]
    public void Another_session_under_a_name_in_use_is_refused()
    {
        Apply("a", 1, "");
        Apply("b", 1, "");

        Assert.That(Apply("a", 9, "", openedAt: 1).Verdict, Is.EqualTo(SessionVerdict.Refused));
        Assert.That(_table.Find("a")!.Number, Is.EqualTo(1));
    }

    [Test]
    public void What_can_be_no_name_is_refused_and_never_recorded()
    {
        foreach (string? name in new[] { null, "", "\ud800", new string('x', 1025), new string('\u20ac', 342) })
        {
            var request = new SessionRequest(name!, 1);
            Assert.That(_table.Check(request, 1).Verdict, Is.EqualTo(SessionVerdict.Refused));
            Assert.That(() => _table.Record(request, 1, default), Throws.InvalidOperationException);
        }

        Assert.That(SessionTable.IsClient(new string('\u20ac', 341)), Is.True);
        Assert.That(SessionTable.IsClient("\ud83d\ude00"), Is.True);
    }

    [Test]
    public void What_is_not_new_is_not_recorded()
    {
        Apply("a", 2, "kept");

        Assert.That(() => _table.Record(new SessionRequest("a", 2), 9, default), Throws.InvalidOperationException);
        Assert.That(() => _table.Record(new SessionRequest("a", 1), 9, default), Throws.InvalidOperationException);
        Assert.That(Text(Apply("a", 2, "")), Is.EqualTo("kept"));
    }

    /// <summary>A backup comes into a cluster whose log is shorter than that of the one it was made in.</summary>
    [Test]
    public void A_table_from_a_longer_log_goes_on_in_order_and_lets_sessions_begin()
    {
        _table = SessionTable.Of([new SessionEntry("a", 0, 1, Index: 1000, default)], forgottenIndex: 900);
        Assert.That(Apply("new", 1, "").Verdict, Is.EqualTo(SessionVerdict.Unknown));

        SessionAnswer begun = Apply("new", 1, "", openedAt: Apply("new", 1, "").Index);
        Apply("other", 1, "", openedAt: 1000);
        _table.Expire(limit: 2);

        Assert.That(begun.Verdict, Is.EqualTo(SessionVerdict.New));
        Assert.That(_table.Entries.Select(e => (e.Client, e.Index)), Is.EqualTo(new[] { ("new", 1001ul), ("other", 1002ul) }));
    }

    /// <summary>
    /// Commands come from a log that any client may have written to several times, in any order; sessions are expired in
    /// between. Nothing is applied twice, and what is applied first of each session goes up.
    /// </summary>
    [Test]
    public void Nothing_is_applied_twice_whatever_comes_again_and_is_expired_between([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        var sent = new List<SessionRequest>();
        var applied = new HashSet<SessionRequest>();
        ulong[] numbers = new ulong[6];
        ulong[] openedAt = new ulong[6];
        for (int i = 0; i < 3000; i++)
        {
            int client = random.Next(numbers.Length);
            SessionRequest request = sent.Count > 0 && random.Next(3) == 0
                ? sent[random.Next(sent.Count)]
                : new SessionRequest($"c{client}", ++numbers[client], openedAt[client]);
            sent.Add(request);
            _index += (ulong)random.Next(1, 4);
            SessionAnswer answer = _table.Check(request, _index);
            if (answer.Verdict == SessionVerdict.New)
            {
                Assert.That(applied.Add(request), Is.True, $"seed {seed}: {request} is applied twice");
                _table.Record(request, _index, default);
            }
            else if (answer.Verdict == SessionVerdict.Unknown && request.Client == $"c{client}")
            {
                openedAt[client] = Math.Max(openedAt[client], answer.Index);
            }

            if (random.Next(20) == 0)
            {
                _table.Expire(random.Next(6));
            }
        }

        Assert.That(applied, Has.Count.GreaterThan(200));
    }

    private static string Text(SessionAnswer answer) => Encoding.UTF8.GetString(answer.Result.Span);

    private SessionAnswer Apply(string client, ulong number, string result, ulong openedAt = 0)
    {
        var request = new SessionRequest(client, number, openedAt);
        SessionAnswer answer = _table.Check(request, ++_index);
        if (answer.Verdict == SessionVerdict.New)
        {
            _table.Record(request, _index, Encoding.UTF8.GetBytes(result));
        }

        return answer;
    }
}
