using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Sessions;

/// <summary>What a session sends again, and what it says of the outcome.</summary>
public sealed class SessionTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly List<SessionRequest> _sent = [];
    private VirtualClock _clock = new();
    private VirtualScheduler _scheduler = new();

    [SetUp]
    public void SetUp()
    {
        _sent.Clear();
        _clock = new VirtualClock();
        _scheduler = new VirtualScheduler();
    }

    [Test]
    public void The_same_request_is_sent_until_it_is_answered()
    {
        Session session = Open(
            Fails(new NotLeaderException("no")), Fails(new LeadershipLostException("lost", 1, 1)),
            Fails(new LeadershipTransferInProgressException("wait")), Fails(new EnqueueTimeoutException("full")),
            Fails(new HttpRequestException("broken")), Answers(SessionVerdict.Repeated, "done"), Answers(SessionVerdict.New, "next"));

        SessionAnswer done = Run(session.ApplyAsync("x"u8.ToArray(), Long));
        SessionAnswer next = Run(session.ApplyAsync("y"u8.ToArray(), Long));

        Assert.That((done.Verdict, Text(done)), Is.EqualTo((SessionVerdict.Repeated, "done")));
        Assert.That(Text(next), Is.EqualTo("next"));
        Assert.That(_sent.Select(r => (r.Client, r.Number)), Is.EqualTo(
            Enumerable.Repeat(("me", 1ul), 6).Append(("me", 2ul))));
        Assert.That(session.IsUnresolved, Is.False);
    }

    [Test]
    public void Attempts_come_less_and_less_often_up_to_a_limit()
    {
        var times = new List<TimeSpan>();
        Session session = OpenWith((_, _, _) =>
        {
            times.Add(_clock.Now);
            throw new NotLeaderException("no");
        });

        Assert.That(() => Run(session.ApplyAsync(default, Long)), Throws.TypeOf<SessionNotDoneException>());

        double[] between = [.. times.Zip(times.Skip(1), (one, next) => (next - one).TotalMilliseconds)];
        Assert.That(between[0], Is.InRange(6, 20));
        Assert.That(between[1], Is.InRange(16, 40));
        Assert.That(between[20..^1], Is.All.InRange(996, 2000));
    }

    [Test]
    public void A_fraction_of_a_millisecond_is_no_time_for_further_attempts()
    {
        Session session = Open(Fails(new NotLeaderException("no")));

        Assert.That(() => Run(session.ApplyAsync(default, TimeSpan.FromMilliseconds(25.5))), Throws.TypeOf<SessionNotDoneException>());

        Assert.That(_sent, Has.Count.LessThan(6));
    }

    [Test]
    public void What_was_appended_nowhere_until_the_time_was_over_is_not_done()
    {
        Session session = Open(Fails(new NotLeaderException("no leader is known")));

        SessionNotDoneException end = Assert.Throws<SessionNotDoneException>(() => Run(session.ApplyAsync(default, Long)))!;

        Assert.That(end.Message, Does.Contain("no leader is known"));
        Assert.That(end.InnerException, Is.TypeOf<NotLeaderException>());
        Assert.That(session.IsUnresolved, Is.False);
        Assert.That(() => session.ResolveAsync(Long), Throws.InvalidOperationException);
    }

    [Test]
    public void What_one_attempt_may_have_appended_is_unknown_though_all_later_ones_appended_nothing()
    {
        Session session = Open(Fails(new LeadershipLostException("lost", 7, 2)), Fails(new NotLeaderException("no")));

        Assert.That(() => Run(session.ApplyAsync(default, Long)), Throws.TypeOf<SessionOutcomeUnknownException>());
        Assert.That(session.IsUnresolved, Is.True);
    }

    [Test]
    public void A_request_whose_outcome_is_unknown_can_be_resolved_later_under_its_number()
    {
        Session session = Open(Fails(new LeadershipLostException("lost", 7, 2)), Fails(new RaftShutdownException("stopped")), Answers(SessionVerdict.Repeated, "r"));
        Assert.That(() => Run(session.ApplyAsync("x"u8.ToArray(), Long)), Throws.TypeOf<SessionOutcomeUnknownException>());

        SessionAnswer resolved = Run(session.ResolveAsync(Long));

        Assert.That(Text(resolved), Is.EqualTo("r"));
        Assert.That(_sent.Select(r => r.Number), Is.All.EqualTo(1));
        Assert.That(session.IsUnresolved, Is.False);
    }

    [Test]
    public void An_attempt_without_an_answer_is_cancelled_and_the_request_sent_again()
    {
        var tokens = new List<CancellationToken>();
        Session session = OpenWith((request, _, token) =>
        {
            tokens.Add(token);
            return tokens.Count < 3
                ? new TaskCompletionSource<SessionAnswer>().Task
                : Task.FromResult(new SessionAnswer(SessionVerdict.New, 1, default));
        });

        Run(session.ApplyAsync(default, Long));

        Assert.That(tokens, Has.Count.EqualTo(3));
        Assert.That(tokens.All(t => t.IsCancellationRequested), Is.True);
        Assert.That(_clock.Now, Is.InRange(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12)));
    }

    [Test]
    public void What_cannot_be_sent_at_all_is_given_up_at_once()
    {
        TimeSpan began = _clock.Now;
        Session session = Open(Fails(new EntryTooLargeException("too large")));

        Assert.That(() => Run(session.ApplyAsync(default, Long)), Throws.TypeOf<SessionNotDoneException>());

        Assert.That(_clock.Now, Is.EqualTo(began));
        Assert.That(_sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void An_expired_session_opens_a_new_one_where_nothing_can_have_been_applied()
    {
        Session session = Open(
            Fails(new NotLeaderException("no")), Answers(SessionVerdict.Unknown, "", index: 40), Answers(SessionVerdict.New, "r"));

        SessionAnswer done = Run(session.ApplyAsync(default, Long));

        Assert.That(Text(done), Is.EqualTo("r"));
        Assert.That(_sent.Select(r => r.OpenedAt), Is.EqualTo(new[] { 0ul, 0ul, 40ul }));
    }

    [Test]
    public void An_expired_session_does_not_send_again_what_may_have_been_applied()
    {
        Session session = Open(
            Fails(new TimeoutException()), Answers(SessionVerdict.Unknown, "", index: 40), Answers(SessionVerdict.New, "next"));

        Assert.That(() => Run(session.ApplyAsync(default, Long)), Throws.TypeOf<SessionOutcomeUnknownException>());
        Assert.That(session.IsUnresolved, Is.False, "it never will be known");
        Run(session.ApplyAsync(default, Long));

        Assert.That(_sent.Select(r => (r.Number, r.OpenedAt)), Is.EqualTo(new[] { (1ul, 0ul), (1ul, 0ul), (2ul, 40ul) }));
    }

    [TestCase(SessionVerdict.Superseded, typeof(SessionOutcomeUnknownException))]
    [TestCase(SessionVerdict.Refused, typeof(SessionNotDoneException))]
    public void An_answer_that_no_further_attempt_changes_ends_the_request(SessionVerdict verdict, Type outcome)
    {
        Session session = Open(Answers(verdict, ""));

        Assert.That(() => Run(session.ApplyAsync(default, Long)), Throws.TypeOf(outcome));
        Assert.That(_sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void Cancelling_ends_the_attempts_and_leaves_the_request_to_be_resolved()
    {
        using var cancel = new CancellationTokenSource();
        bool isHanging = true;
        Session session = OpenWith((_, _, _) => isHanging
            ? new TaskCompletionSource<SessionAnswer>().Task : Task.FromResult(new SessionAnswer(SessionVerdict.New, 1, default)));
        Task<SessionAnswer> under = session.ApplyAsync(default, Long, cancel.Token);
        _scheduler.RunReady();
        cancel.Cancel();

        Assert.That(() => Run(under), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(session.IsUnresolved, Is.True);
        isHanging = false;
        Assert.That(Run(session.ResolveAsync(Long)).IsApplied, Is.True);
    }

    [Test]
    public void A_second_request_at_the_same_time_is_refused()
    {
        Session session = OpenWith((_, _, _) => new TaskCompletionSource<SessionAnswer>().Task);
        Task<SessionAnswer> first = session.ApplyAsync(default, Long);

        Assert.That(() => session.ApplyAsync(default, Long), Throws.InvalidOperationException);
        Assert.That(() => Run(first), Throws.TypeOf<SessionOutcomeUnknownException>());
    }

    [Test]
    public void Settings_and_times_that_cannot_be_are_refused()
    {
        Session session = Open(Answers(SessionVerdict.New, ""));

        Assert.That(() => session.ApplyAsync(default, TimeSpan.Zero), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => session.ApplyAsync(default, Timeout.InfiniteTimeSpan), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => session.ApplyAsync(default, TimeSpan.FromDays(2)), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => OpenWith(null!), Throws.ArgumentNullException);
        foreach (SessionOptions options in new SessionOptions[]
        {
            new() { Client = "" }, new() { AttemptTimeout = TimeSpan.Zero }, new() { RetryDelay = TimeSpan.Zero },
            new() { RetryDelay = TimeSpan.FromSeconds(2) }, new() { RetryDelayMax = TimeSpan.FromDays(2) },
        })
        {
            Assert.That(() => new Session(Nothing, options), Throws.ArgumentException);
        }
    }

    [Test]
    public void Each_session_has_a_name_of_its_own()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(_ => new Session(Nothing).Client)];

        Assert.That(names, Is.Unique);
        Assert.That(names.All(SessionTable.IsClient), Is.True);
    }

    private static Task<SessionAnswer> Nothing(SessionRequest request, ReadOnlyMemory<byte> command, CancellationToken token) =>
        Task.FromResult(default(SessionAnswer));

    private static string Text(SessionAnswer answer) => Encoding.UTF8.GetString(answer.Result.Span);

    private static Func<Task<SessionAnswer>> Fails(Exception failure) => () => Task.FromException<SessionAnswer>(failure);

    private static Func<Task<SessionAnswer>> Answers(SessionVerdict verdict, string result, ulong index = 1) =>
        () => Task.FromResult(new SessionAnswer(verdict, index, Encoding.UTF8.GetBytes(result)));

    /// <summary>A session whose attempts end one after the other like this, all further ones like the last.</summary>
    private Session Open(params Func<Task<SessionAnswer>>[] attempts)
    {
        int next = 0;
        return OpenWith((request, _, _) =>
        {
            _sent.Add(request);
            return attempts[Math.Min(next++, attempts.Length - 1)]();
        });
    }

    private Session OpenWith(SessionSend send)
    {
        var opened = Task.Factory.StartNew(
            () => new Session(send, new SessionOptions { Client = "me", Seed = 1, TimeProvider = _clock }),
            CancellationToken.None, TaskCreationOptions.None, _scheduler);
        _scheduler.RunReady();
        return opened.GetAwaiter().GetResult();
    }

    private T Run<T>(Task<T> task)
    {
        for (_scheduler.RunReady(); !task.IsCompleted; _scheduler.RunReady())
        {
            Assert.That(_clock.AdvanceToNextTimer(TimeSpan.FromHours(1)), Is.True, "it hangs");
        }

        return task.GetAwaiter().GetResult();
    }
}
