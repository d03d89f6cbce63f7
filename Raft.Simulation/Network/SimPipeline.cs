using System.Threading.Channels;

namespace Raft.Simulation.Network;

/// <summary>
/// Appends over one connection: delivered and answered in order. What is on its way while the link is cut is sent again
/// once it is mended, as TCP does; the connection may end at any time, and then what is on its way may still arrive.
/// </summary>
internal sealed class SimPipeline : SimExchange, IAppendPipeline
{
    private readonly Channel<AppendEntriesResponse> _responses = Channel.CreateUnbounded<AppendEntriesResponse>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly SimTransport _receiver;
    private readonly Queue<long> _waitingSinceTicks = new();
    private readonly SimStream _requests;
    private readonly SimStream _answers;
    private readonly Queue<PendingAnswer> _unanswered = new();
    private bool _hasEnded;
    private bool _isDisposed;
    private bool _isWatching;

    private SimPipeline(SimTransport source, SimTransport receiver, Server target)
        : base(source, target)
    {
        _receiver = receiver;
        _requests = new SimStream(Network, source.Machine, receiver.Machine, receiver.Process);
        _answers = new SimStream(Network, receiver.Machine, source.Machine, source.Process);
        source.Open(this);
        receiver.Inbound.Add(this);
    }

    public ChannelReader<AppendEntriesResponse> Responses => _responses.Reader;

    /// <summary>Connects. A step of the caller's process.</summary>
    public static async ValueTask<IAppendPipeline> OpenAsync(
        SimTransport source, Server target, CancellationToken cancellationToken)
    {
        SimNetwork network = source.Network;
        int from = source.Machine;
        int to = SimAddress.MachineOf(target.Address);
        var outcome = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Fail(TransportFailure why) => outcome.TrySetException(new TransportException(why, $"{target}: {why}"));
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => Fail(TransportFailure.Shutdown));
        SimTransport? receiver = network.Find(target.Address);
        network.Kernel.After(source.Process, network.Conditions.Timeout, () => Fail(TransportFailure.TimedOut));
        TimeSpan roundTrip = network.Delay(from, to) + network.Delay(to, from);
        if (source.IsClosed || cancellationToken.IsCancellationRequested)
        {
            Fail(TransportFailure.Shutdown);
        }
        else if (network.IsRefused(from, to, receiver))
        {
            network.Kernel.After(source.Process, roundTrip, () => Fail(TransportFailure.Unreachable));
        }
        else if (receiver is not null && !network.Link(from, to).IsCut && !network.Link(to, from).IsCut)
        {
            network.Kernel.After(source.Process, roundTrip, () => outcome.TrySetResult());
        }

        await outcome.Task;
        return receiver!.IsClosed || receiver.Process.IsDead || source.IsClosed
            ? throw new TransportException(TransportFailure.Broken, $"{target}: the connection ended")
            : new SimPipeline(source, receiver, target);
    }

    public ValueTask SendAsync(AppendEntriesRequest request)
    {
        if (!_hasEnded && Network.Kernel.Random.Chance(Network.Conditions.BreakShare))
        {
            Network.Coverage.Hit(Happening.ConnectionBroken);
            if (Network.Kernel.Random.Chance(Network.Conditions.EndSeenShare))
            {
                Network.TellEnd(Source, _receiver, request.Header.Id);
            }

            if (Network.Kernel.Random.Chance(0.5))
            {
                _requests.Stop();
            }
            else
            {
                End(TransportFailure.Broken);
            }
        }

        if (_hasEnded)
        {
            return ValueTask.FromException(Failed(_isDisposed ? TransportFailure.Shutdown : TransportFailure.Broken));
        }

        Source.Talks(_receiver, request.Header.Id);
        Network.Requested(Source.Machine, _receiver.Machine, request);
        _waitingSinceTicks.Enqueue(Network.Kernel.NowTicks);
        Network.Watch.InFlight(Source.Machine, _receiver.Machine, _waitingSinceTicks.Count, Network.InFlightCountMax);
        Watch(Network.Conditions.Timeout);
        long askedAt = Network.Kernel.Steps;
        _requests.Send(() => Receive(request, askedAt));
        Network.MaybeDuplicate(Source, _receiver, request);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        End(TransportFailure.Shutdown);
        return ValueTask.CompletedTask;
    }

    public override void End(TransportFailure why)
    {
        _isDisposed |= why == TransportFailure.Shutdown;
        End(Failed(why));
    }

    private void End(Exception why)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        _responses.Writer.TryComplete(why);
        _answers.Stop();
        if (Network.Kernel.Random.Chance(0.5))
        {
            _requests.Stop();
        }

        Source.Closed(this);
        _receiver.Inbound.Remove(this);
    }

    /// <summary>A step of the receiver's process.</summary>
    private void Receive(AppendEntriesRequest request, long askedAt)
    {
        var pending = new PendingAnswer();
        _unanswered.Enqueue(pending);
        _receiver.Deliver(new SimRpc(request, (response, error) =>
        {
            Network.Answered(_receiver.Machine, Source.Machine, request, response, askedAt);
            pending.Response = response as AppendEntriesResponse;
            pending.Error = error ?? (pending.Response is null ? "no answer of the right kind" : null);
            pending.IsGiven = true;
            while (_unanswered.TryPeek(out PendingAnswer? next) && next.IsGiven)
            {
                _unanswered.Dequeue();
                _answers.Send(() => Take(next));
            }
        }));
    }

    /// <summary>A step of the sender's process.</summary>
    private void Take(PendingAnswer answer)
    {
        if (_hasEnded)
        {
            return;
        }

        _waitingSinceTicks.Dequeue();
        if (answer.Error is { } error)
        {
            End(new RemoteRpcException(error));
        }
        else
        {
            _responses.Writer.TryWrite(answer.Response!);
        }
    }

    private void Watch(TimeSpan time)
    {
        if (_isWatching)
        {
            return;
        }

        _isWatching = true;
        Network.Kernel.After(Source.Process, time, () =>
        {
            _isWatching = false;
            if (_hasEnded || !_waitingSinceTicks.TryPeek(out long since))
            {
                return;
            }

            TimeSpan left = TimeSpan.FromTicks(since - Network.Kernel.NowTicks) + Network.Conditions.Timeout;
            if (left <= TimeSpan.Zero)
            {
                End(TransportFailure.TimedOut);
            }
            else
            {
                Watch(left);
            }
        });
    }

    private sealed class PendingAnswer
    {
        public bool IsGiven { get; set; }

        public AppendEntriesResponse? Response { get; set; }

        public string? Error { get; set; }
    }
}
