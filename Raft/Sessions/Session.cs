using Raft.Timing;

namespace Raft;

/// <summary>
/// A client that numbers its requests, so that each is applied exactly once, however often it must be sent until an answer
/// comes (thesis 6.3). The state machine at the other end is a <see cref="SessionFsm"/>, or has a <see cref="SessionTable"/>.
/// </summary>
/// <remarks>
/// One request is under way at a time: a second call meanwhile is refused, so callers that do not wait for each other have a
/// session each. May be called from any thread. What it returns is completed on the thread pool, or, for one made in a
/// simulation, within that.
/// </remarks>
public sealed class Session
{
    // Timers count milliseconds: what is left below one is none, or attempts would follow each other without any time between.
    private static readonly TimeSpan TickMin = TimeSpan.FromMilliseconds(1);

    private readonly SessionSend _send;
    private readonly SessionOptions _options;
    private readonly TaskScheduler _scheduler = TaskScheduler.Current;
    private readonly NodeRandom _random;
    private ulong _openedAt;
    private int _isBusy;
    private SessionRetry? _unresolved;

    /// <summary>Opens a session through one node, whose state machine is a <see cref="SessionFsm"/>.</summary>
    /// <param name="node">The node: each attempt goes through it, whoever leads.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public Session(RaftNode node, SessionOptions? options = null)
        : this(SendThrough(node, options ?? new SessionOptions()), Opened(options ?? new SessionOptions(), node.AppliedIndex))
    {
    }

    /// <summary>Opens a session through whatever carries a request to the state machine.</summary>
    /// <param name="send">Makes one attempt. It may ask another node each time.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    public Session(SessionSend send, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(send);
        _options = options ?? new SessionOptions();
        _options.Validate();
        _send = send;
        _random = new NodeRandom(_options.Seed ?? CompositionRoot.NewSeed());
        _openedAt = _options.OpenedAt;
        Client = _options.Client ?? CompositionRoot.NewName();
    }

    /// <summary>The client's name.</summary>
    public string Client { get; }

    /// <summary>The number of the last request; 0 before the first.</summary>
    public ulong Number { get; private set; }

    /// <summary>Whether nobody knows what became of the last request, and <see cref="ResolveAsync"/> may find out.</summary>
    public bool IsUnresolved => Volatile.Read(ref _unresolved) is not null;

    /// <summary>
    /// Has a command applied, once: sends it again as the same request as long as it is not known to be applied.
    /// </summary>
    /// <remarks>
    /// A request before it that is not resolved is given up: once this one is applied, that one never will be any more.
    /// </remarks>
    /// <param name="command">The command; its bytes must not change until the call completes, or the request is resolved.</param>
    /// <param name="timeout">How long to go on, up to a day.</param>
    /// <param name="cancellationToken">Ends the attempts. The outcome may be unknown then, see <see cref="IsUnresolved"/>.</param>
    /// <returns>The answer: <see cref="SessionAnswer.IsApplied"/>, with the state machine's result.</returns>
    /// <exception cref="SessionNotDoneException">The command was not applied, and never will be.</exception>
    /// <exception cref="SessionOutcomeUnknownException">The command may have been applied, and may still be.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another request is under way, or the state machine has no sessions.</exception>
    public Task<SessionAnswer> ApplyAsync(
        ReadOnlyMemory<byte> command, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Enter(timeout);
        Number++;
        Volatile.Write(ref _unresolved, null);
        return StartAsync(new SessionRetry(command, Number), timeout, cancellationToken);
    }

    /// <summary>Goes on with the last request, whose outcome is unknown.</summary>
    /// <param name="timeout">As for <see cref="ApplyAsync"/>.</param>
    /// <param name="cancellationToken">As for <see cref="ApplyAsync"/>.</param>
    /// <returns>As of <see cref="ApplyAsync"/>.</returns>
    /// <exception cref="InvalidOperationException">The last request is resolved, or under way.</exception>
    /// <exception cref="SessionOutcomeUnknownException">As for <see cref="ApplyAsync"/>.</exception>
    public Task<SessionAnswer> ResolveAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Enter(timeout);
        if (_unresolved is { } request)
        {
            return StartAsync(request, timeout, cancellationToken);
        }

        Leave();
        throw new InvalidOperationException($"The outcome of request {Number} of {Client} is known, or can never be.");
    }

    private static SessionOptions Opened(SessionOptions options, ulong index) =>
        options.OpenedAt == 0 ? options with { OpenedAt = index } : options;

    private static SessionSend SendThrough(RaftNode node, SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(node);
        return (request, command, cancellationToken) => SendAsync(node, options.AttemptTimeout, request, command, cancellationToken);
    }

    private static async Task<SessionAnswer> SendAsync(
        RaftNode node, TimeSpan placeWithin, SessionRequest request, ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        ApplyResult done = await node.ApplyAsync(SessionEnvelope.Wrap(request, command.Span), placeWithin, cancellationToken);
        return done.Response as SessionAnswer? ?? throw new InvalidOperationException(
            $"The state machine answered {done.Response?.GetType().ToString() ?? "null"} to a request of a session: it is no SessionFsm.");
    }

    private void Enter(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, SessionOptions.TimeMax);
        if (Interlocked.Exchange(ref _isBusy, 1) == 1)
        {
            throw new InvalidOperationException(
                $"Request {Number} of {Client} is under way. A session has one request at a time: open one for each caller.");
        }
    }

    private void Leave() => Volatile.Write(ref _isBusy, 0);

    private Task<SessionAnswer> StartAsync(SessionRetry request, TimeSpan timeout, CancellationToken cancellationToken) =>
        OneTask.Run(_scheduler, () => RunAsync(request, timeout, cancellationToken));

    private async Task<SessionAnswer> RunAsync(SessionRetry request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            request.Begin();
            TimeProvider time = _options.TimeProvider;
            long began = time.GetTimestamp();
            for (TimeSpan delay = _options.RetryDelay; ; delay = Min(delay * 2, _options.RetryDelayMax))
            {
                cancellationToken.ThrowIfCancellationRequested();
                TimeSpan left = timeout - time.GetElapsedTime(began);
                if (left < TickMin || request.IsHopeless)
                {
                    throw request.Outcome(Client);
                }

                if (await AttemptAsync(request, Min(left, _options.AttemptTimeout), cancellationToken) is { } answer)
                {
                    return answer;
                }

                left = timeout - time.GetElapsedTime(began);
                if (left >= TickMin && !request.IsHopeless)
                {
                    await Task.Delay(Min(_random.Jitter(delay), left), time, cancellationToken);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _unresolved, request.IsUnresolved ? request : null);
            Leave();
        }
    }

    /// <summary>Sends the request once.</summary>
    /// <returns>The answer that is its outcome; null where there is none yet.</returns>
    private async Task<SessionAnswer?> AttemptAsync(SessionRetry request, TimeSpan within, CancellationToken cancellationToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task<SessionAnswer> sent = _send(new SessionRequest(Client, request.Number, _openedAt), request.Command, ends.Token);

            // Given up, it may still fail: nobody is left to hear it.
            _ = sent.ContinueWith(
                static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, _scheduler);
            SessionAnswer answer = await sent.WaitAsync(within, _options.TimeProvider, cancellationToken);
            return request.Answered(answer, ref _openedAt) ? answer : null;
        }
        catch (Exception failure)
        {
            request.Failed(failure);
            if (failure is InvalidOperationException)
            {
                throw;
            }

            return null;
        }
        finally
        {
            ends.Cancel();
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
