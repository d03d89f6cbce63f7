using System.Security.Authentication;
using Raft.MsgPack;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// A connection that another server opened. One task reads its requests and delivers each as soon as it is whole, while
/// earlier ones wait for their answers. Owned by the <see cref="Acceptor"/>.
/// </summary>
internal sealed class AcceptedConnection
{
    /// <summary>Little: whoever opens a connection and sends nothing is to cost next to nothing.</summary>
    private const int FirstBufferBytes = 512;

    /// <summary>How much is passed over of what follows a request that was refused.</summary>
    private const int RefusedBytesMax = 1024 * 1024;
    private const int RefusedScratchBytes = 4 * 1024;

    private static readonly TimeSpan RefusedTimeMax = TimeSpan.FromSeconds(1);

    private readonly IStreamConnection _connection;
    private readonly AcceptorContext _context;
    private readonly BudgetShare _share = new();
    private readonly AnswerQueue _answers;
    private readonly ReceiveDeadline _deadline;
    private readonly ReceiveBuffer _buffer = new(FirstBufferBytes);
    private readonly ConnectionNames _names;
    private readonly Admission _admission;
    private RequestDecoder? _decoder;
    private long _usedBytes;
    private volatile bool _wasAsked;
    private TimeSpan? _decodingSince;
    private volatile ReceivedBody? _body;
    private volatile bool _isClosed;
    private string _end = "the other side closed it";

    public AcceptedConnection(IStreamConnection connection, AcceptorContext context)
    {
        _connection = connection;
        Remote = connection.RemoteName;
        _context = context;
        _names = new ConnectionNames(context.Peers);
        _admission = new Admission(connection, context.Options.ClusterId);
        _deadline = new ReceiveDeadline(context.Time, context.Options.SnapshotTimeoutScale);
        _answers = new AnswerQueue(
            connection, context.Budget, _share, context.Options.UnansweredMax, context.Time,
            exception => Close(exception.Message));
    }

    /// <summary>The other side, for log lines.</summary>
    public string Remote { get; }

    /// <summary>Whether it waits for the next request, with nothing to send.</summary>
    public bool IsIdle => _deadline.IsIdle && _answers.SendingSince == 0;

    /// <summary>Whether it is open and no request has come whole yet: it may be anybody's.</summary>
    public bool IsUnproven => !_wasAsked && !_isClosed;

    /// <summary>Whether it waits for the other side.</summary>
    public bool IsWaiting => _deadline.IsWaiting;

    /// <summary>Reads requests until the connection ends. Never fails.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (MsgPackException exception)
        {
            _end = exception.Message;
            _context.LogMalformed(Remote, exception.Message);
        }
        catch (AuthenticationException exception)
        {
            _end = exception.Message;
            _context.LogUnproven(Remote, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _end = exception is IOException ? exception.Message : _end;
        }
        catch (Exception exception)
        {
            LogMessages.Unexpected(_context.Logger, Remote, exception);
        }
        finally
        {
            _decoder?.Abandon();
            End();
            _names.End();
            await _answers.WhenIdleAsync().ConfigureAwait(false);
        }

        LogMessages.Ended(_context.Logger, Remote, _end);
    }

    /// <summary>Ends the connection, from any thread.</summary>
    public void Close(string reason)
    {
        _end = reason;
        _isClosed = true;
        End();
    }

    /// <summary>Ends the connection if it rests in the middle of a request, or takes no answers.</summary>
    /// <param name="isScarce">Whether connections are scarce: then it also ends for lying idle.</param>
    public void CloseIfStalled(bool isScarce)
    {
        if (_isClosed)
        {
            return;
        }

        TimeSpan waited = _deadline.Waited;
        long sendingSince = _answers.SendingSince;
        bool isSending = sendingSince != 0 && _context.Time.GetElapsedTime(sendingSince) >= _context.StalledAfter;
        if (isSending || (!_deadline.IsIdle && waited >= _context.StalledAfter))
        {
            _context.LogStalled(Remote, isSending ? "sending an answer" : "a request");
            Close("it made no progress");
        }
        else if (isScarce && _deadline.IsIdle && waited >= _context.Options.IdleTimeout)
        {
            Close("it lay idle");
        }
    }

    private void End()
    {
        try
        {
            _connection.Dispose();
        }
        catch (Exception exception)
        {
            // The user's stream. This may run on a timer, where an exception would end the process.
            LogMessages.Unexpected(_context.Logger, Remote, exception);
        }

        _body?.End(_end);
        _context.Budget.Close(_share);
        _answers.Stop();
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            if (_buffer.UnreadBytes > 0)
            {
                _decoder ??= new RequestDecoder(_context.Options.EntryBytesMax);
                await DeliverAsync(_decoder).ConfigureAwait(false);
                if (_isClosed)
                {
                    return;
                }
            }

            bool isWithin = _decoder?.IsWithinRequest == true || _buffer.UnreadBytes > 0;
            // Who never asked anything has the time of a request for it, not that of a server that rests.
            _deadline.Begin(isIdle: _wasAsked && !isWithin);
            TimeSpan? resting = isWithin ? null : _context.Meter.RpcTypeWait.Begin();
            int received = await _buffer.FillAsync(_connection).ConfigureAwait(false);
            _deadline.End(received);
            _context.Meter.RpcTypeWait.End(received == 0 ? null : resting);
            if (received == 0)
            {
                _end = isWithin ? "the other side closed it within a request" : _end;
                return;
            }

            if (!await HasMemoryAsync(received).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    private async ValueTask<bool> HasMemoryAsync(int received)
    {
        switch (await _context.Budget.ReserveAsync(_share, received).ConfigureAwait(false))
        {
            case BudgetOutcome.Granted:
                return true;
            case BudgetOutcome.Evicted:
                _end = "no memory for its request";
                _context.LogEvicted(Remote);
                return false;
            case BudgetOutcome.TooLarge:
                _end = "its request is too large";
                _context.LogRequestTooLarge(Remote);
                return false;
            default:
                return false;
        }
    }

    /// <summary>Delivers all requests that are whole.</summary>
    private async ValueTask DeliverAsync(RequestDecoder decoder)
    {
        _answers.Hold();
        _decodingSince ??= _context.Meter.Decode.Begin();
        while (!_isClosed && decoder.TryDecode(_buffer) is { } request)
        {
            if (_admission.Objection(request.Header.Id, decoder.Cluster) is { } objection)
            {
                await RefuseAsync(request, objection).ConfigureAwait(false);
                return;
            }

            _wasAsked = true;
            _names.Note(request.Header.Id);
            _context.Meter.Decoded(_decodingSince, request);
            _deadline.Restart();
            long bytes = _buffer.UsedBytes - _usedBytes;
            bool hasRoom;
            if (request is InstallSnapshotRequest snapshot)
            {
                hasRoom = await DeliverSnapshotAsync(snapshot, bytes).ConfigureAwait(false);
            }
            else
            {
                var rpc = new TcpIncomingRpc(_answers, request, bytes, _context.Meter);
                _context.Budget.Deliver(_share, bytes);
                hasRoom = _answers.Add(rpc);
                Hand(rpc);
            }

            _usedBytes = _buffer.UsedBytes;
            if (!hasRoom)
            {
                _answers.Flush();
                await _answers.WaitForRoomAsync().ConfigureAwait(false);
                _answers.Hold();
            }

            _decodingSince = _buffer.UnreadBytes > 0 ? _context.Meter.Decode.Begin() : null;
        }

        _answers.Flush();
    }

    /// <summary>Delivers a snapshot, and waits until its bytes were read, or passes over them once it is answered.</summary>
    /// <returns>Whether there is room for more requests.</returns>
    private async ValueTask<bool> DeliverSnapshotAsync(InstallSnapshotRequest request, long headBytes)
    {
        if (!_context.TryBeginSnapshot())
        {
            // Not by an answer: that would stand behind the whole snapshot.
            _context.LogTooManySnapshots(Remote);
            Close("too many snapshots are being received");
            return true;
        }

        // The budget counts what many connections may hold. Snapshots are few, and their bytes are held nowhere; and a
        // head that waits for hours would look there like memory that an answer is about to free.
        _context.Budget.Drop(_share, headBytes + Math.Min(request.Size, _buffer.UnreadBytes));
        var body = new ReceivedBody(_buffer, ReceiveBodyAsync, request.Size, _context.EndSnapshot);
        var rpc = new TcpIncomingRpc(_answers, request, bytes: 0, _context.Meter, body);
        _body = body;
        if (_isClosed)
        {
            body.End(_end);
        }

        bool hasRoom = _answers.Add(rpc);
        Hand(rpc);
        _answers.Flush();
        await body.Released.ConfigureAwait(false);
        if (await body.DrainAsync().ConfigureAwait(false))
        {
            _answers.Answered(rpc);
        }

        _body = null;
        _deadline.Restart();
        _answers.Hold();
        return hasRoom;
    }

    /// <summary>Answers with the reason and closes the connection. Nothing of the request, nor of what follows, is looked at.</summary>
    private async ValueTask RefuseAsync(RpcRequest request, string reason)
    {
        _context.LogNotAdmitted(Remote, reason);
        var rpc = new TcpIncomingRpc(_answers, request, bytes: 0, _context.Meter);
        _answers.Add(rpc);
        rpc.Respond(null, Refusal.Text(reason));
        _answers.Flush();

        // Closing with bytes unread may cost the other side the answer. So it may go first: one of this library does, once it knows.
        using var linger = new CancellationTokenSource(RefusedTimeMax, _context.Time);
        await using CancellationTokenRegistration closing = linger.Token.UnsafeRegister(_ => Close(reason), null);
        byte[] scratch = new byte[RefusedScratchBytes];
        int received = 1;
        for (int left = RefusedBytesMax; left > 0 && received > 0; left -= received)
        {
            received = await ReceiveBodyAsync(scratch).ConfigureAwait(false);
        }

        Close(reason);
    }

    private async ValueTask<int> ReceiveBodyAsync(Memory<byte> destination)
    {
        _deadline.Begin(isIdle: false);
        int received = await _connection.ReceiveAsync(destination).ConfigureAwait(false);
        _deadline.End(received);
        return received;
    }

    private void Hand(TcpIncomingRpc rpc)
    {
        rpc.HandedAt = _context.Meter.Respond.Begin();
        TimeSpan? handing = _context.Meter.Enqueue.Begin();
        try
        {
            _context.Receiver.Receive(rpc);
            _context.Meter.Enqueued(handing, rpc.Request);
        }
        catch (Exception exception)
        {
            // Receivers promise not to. Unanswered, the request would keep its memory and hold up all answers behind it.
            rpc.Respond(null, $"the receiver failed: {exception.Message}");
            LogMessages.Unexpected(_context.Logger, Remote, exception);
        }
    }
}
