using Raft.Simulation.Kernel;

namespace Raft.Simulation.Network;

/// <summary>
/// A snapshot on a connection of its own: the request, its bytes in pieces behind it, the answer. The receiver is told at
/// the head and reads the pieces as they arrive; the connection may end or hang at any of them.
/// </summary>
internal sealed class SimSnapshotCall : SimExchange
{
    /// <summary>A receiver that is slow to make a snapshot durable is no broken connection: the answer is waited for longer.</summary>
    private const int AnswerPatience = 4;

    private readonly TaskCompletionSource<InstallSnapshotResponse> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly InstallSnapshotRequest _request;
    private readonly SimTransport _receiver;
    private readonly SimStream _sent;
    private readonly SimStream _answers;
    private readonly SimSnapshotBody _body;
    private readonly long _askedAt;
    private bool _hasArrived;
    private bool _isAnswered;

    private SimSnapshotCall(SimTransport source, SimTransport receiver, Server target, InstallSnapshotRequest request)
        : base(source, target)
    {
        _receiver = receiver;
        _request = request;
        _sent = new SimStream(Network, source.Machine, receiver.Machine, receiver.Process);
        _answers = new SimStream(Network, receiver.Machine, source.Machine, source.Process);
        _body = new SimSnapshotBody(Kernel, receiver.Process, Network.Conditions.Timeout * 2);
        _askedAt = Kernel.Steps;
        source.Open(this);
        receiver.Inbound.Add(this);
    }

    /// <summary>The sending machine.</summary>
    public int From => Source.Machine;

    /// <summary>The receiving machine.</summary>
    public int To => _receiver.Machine;

    /// <summary>Whether it still goes on.</summary>
    public bool IsUnderWay => !_outcome.Task.IsCompleted && !Source.Process.IsDead;

    private SimKernel Kernel => Network.Kernel;

    /// <summary>Sends a snapshot. A step of the caller's process.</summary>
    public static async ValueTask<InstallSnapshotResponse> RunAsync(
        SimTransport source, Server target, InstallSnapshotRequest request, ISnapshotBody body,
        CancellationToken cancellationToken)
    {
        SimNetwork network = source.Network;
        int to = SimAddress.MachineOf(target.Address);
        SimTransport? receiver = network.Find(target.Address);
        bool isRefused = network.IsRefused(source.Machine, to, receiver);
        if (source.IsClosed || cancellationToken.IsCancellationRequested)
        {
            throw new TransportException(TransportFailure.Shutdown, $"{target}: closed");
        }

        if (isRefused || receiver is null || receiver.IsClosed || network.Link(source.Machine, to).IsCut)
        {
            TimeSpan after = isRefused ? network.Delay(source.Machine, to) : network.Conditions.Timeout;
            await WaitAsync(after, source.Process, cancellationToken);
            throw new TransportException(
                isRefused ? TransportFailure.Unreachable : TransportFailure.TimedOut, $"{target}: not reached");
        }

        var call = new SimSnapshotCall(source, receiver, target, request);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => call.End(TransportFailure.Shutdown));
        network.Requested(source.Machine, to, request);
        call._sent.Send(call.Arrive);
        network.OnSnapshotSent?.Invoke(call);
        try
        {
            await call.SendAsync(body);
            return await call._outcome.Task;
        }
        finally
        {
            call.Close();
        }
    }

    public override void End(TransportFailure why)
    {
        if (_outcome.TrySetException(Failed(why)))
        {
            Break();
        }
    }

    /// <summary>The sender is gone; its receiver notices, unless the sender's machine is off.</summary>
    public override void SourceGone() => Break();

    private static async Task WaitAsync(TimeSpan time, SimProcess process, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(time, process.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // What follows says that it was not reached.
        }
    }

    private async Task SendAsync(ISnapshotBody body)
    {
        byte[] buffer = new byte[Kernel.Random.Next(2) == 0 ? 100 : 700];
        long left = _request.Size;
        while (!_outcome.Task.IsCompleted)
        {
            int count;
            try
            {
                count = await body.ReadAsync(buffer);
                left -= count;

                // Whoever receives the end of them takes the snapshot for whole.
                if (left < 0 || (count == 0 && left > 0))
                {
                    throw new StoreException($"The snapshot does not have the {_request.Size} bytes that were announced.");
                }
            }
            catch
            {
                End(TransportFailure.Broken);
                throw;
            }

            if (count == 0)
            {
                _sent.Send(_body.End);
                break;
            }

            byte[] piece = buffer[..count];
            _sent.Send(() => _body.Arrive(piece));
            if (Kernel.Random.Chance(Network.Conditions.BreakShare))
            {
                Network.Coverage.Hit(Happening.ConnectionBroken);
                if (Kernel.Random.Chance(0.3))
                {
                    _sent.Stop();
                }
                else
                {
                    End(TransportFailure.Broken);
                }
            }

            await Task.Delay(Kernel.Random.Between(TimeSpan.Zero, Network.Conditions.PieceTimeMax), Source.Process.Time);
        }

        Kernel.After(
            Source.Process, Network.Conditions.Timeout * AnswerPatience, () => End(TransportFailure.TimedOut));
    }

    /// <summary>The request has arrived. A step of the receiver's process.</summary>
    private void Arrive()
    {
        _hasArrived = true;
        _receiver.Deliver(new SimRpc(_request, Answer) { SnapshotBody = _body });
    }

    private void Answer(RpcResponse? response, string? error)
    {
        _isAnswered = true;
        Network.Answered(To, From, _request, response, _askedAt);
        _answers.Send(() => Take(response as InstallSnapshotResponse, error));
    }

    /// <summary>The answer has arrived. A step of the sender's process.</summary>
    private void Take(InstallSnapshotResponse? response, string? error)
    {
        if (response is not null)
        {
            _outcome.TrySetResult(response);
        }
        else
        {
            _outcome.TrySetException(new RemoteRpcException(error ?? "no answer of the right kind"));
        }
    }

    // What was sent may still arrive; then comes the end of the connection, or nothing any more.
    private void Break()
    {
        if (_hasArrived && !_isAnswered)
        {
            Network.Coverage.Hit(Happening.InstallInterrupted);
        }

        _answers.Stop();
        if (Kernel.Random.Chance(0.5))
        {
            _sent.Stop();
            Kernel.After(_receiver.Process, Network.Delay(From, To), () => _body.Fail(TransportFailure.Broken));
        }
        else
        {
            _sent.Send(() => _body.Fail(TransportFailure.Broken));
        }
    }

    private void Close()
    {
        Source.Closed(this);
        _receiver.Inbound.Remove(this);
    }
}
