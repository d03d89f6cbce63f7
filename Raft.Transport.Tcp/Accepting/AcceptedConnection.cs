using Raft.MsgPack;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Accepting;

/// <summary>
/// A connection that another server opened. One task reads its requests and delivers each as soon as it is whole, while
/// earlier ones wait for their answers. Owned by the <see cref="Acceptor"/>.
/// </summary>
internal sealed class AcceptedConnection
{
    private const int FirstBufferBytes = 16 * 1024;

    private readonly IStreamConnection _connection;
    private readonly AcceptorContext _context;
    private readonly BudgetShare _share = new();
    private readonly AnswerQueue _answers;
    private readonly RequestDecoder _decoder;
    private readonly ReceiveBuffer _buffer = new(FirstBufferBytes);
    private long _receivingSince;
    private long _usedBytes;
    private long _passedOverBytes;
    private volatile bool _isClosed;
    private string _end = "the other side closed it";

    public AcceptedConnection(IStreamConnection connection, AcceptorContext context)
    {
        _connection = connection;
        Remote = connection.RemoteName;
        _context = context;
        _decoder = new RequestDecoder(context.EntryBytesMax);
        _answers = new AnswerQueue(
            connection, context.Budget, _share, context.UnansweredMax, context.Time, exception => Close(exception.Message));
    }

    /// <summary>The other side, for log lines.</summary>
    public string Remote { get; }

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
            _decoder.Abandon();
            End();
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
    public void CloseIfStalled()
    {
        long receivingSince = Volatile.Read(ref _receivingSince);
        long sendingSince = _answers.SendingSince;
        bool isReceiving = receivingSince != 0 && _context.Time.GetElapsedTime(receivingSince) >= _context.Timeout;
        bool isSending = sendingSince != 0 && _context.Time.GetElapsedTime(sendingSince) >= _context.Timeout;
        if (isReceiving || isSending)
        {
            LogMessages.Stalled(
                _context.Logger, Remote, isReceiving ? "a request" : "sending an answer", _context.Timeout);
            Close("it made no progress");
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

        _context.Budget.Close(_share);
        _answers.Stop();
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            await DeliverAsync().ConfigureAwait(false);
            bool isWithin = _decoder.IsWithinRequest || _buffer.UnreadBytes > 0;
            Volatile.Write(ref _receivingSince, isWithin ? _context.Time.GetTimestamp() | 1 : 0);
            int received = await _buffer.FillAsync(_connection).ConfigureAwait(false);
            Volatile.Write(ref _receivingSince, 0);
            if (received == 0)
            {
                _end = isWithin ? "the other side closed it within a request" : _end;
                return;
            }

            switch (await _context.Budget.ReserveAsync(_share, received).ConfigureAwait(false))
            {
                case BudgetOutcome.Granted:
                    break;
                case BudgetOutcome.Evicted:
                    _end = "no memory for its request";
                    LogMessages.Evicted(
                        _context.Logger, Remote, _context.Budget.UsedBytes, _context.Budget.BytesMax);
                    return;
                case BudgetOutcome.TooLarge:
                    _end = "its request is too large";
                    LogMessages.RequestTooLarge(_context.Logger, Remote, _context.Budget.BytesMax);
                    return;
                default:
                    return;
            }
        }
    }

    /// <summary>Delivers all requests that are whole.</summary>
    private async ValueTask DeliverAsync()
    {
        _answers.Hold();
        while (!_isClosed && _decoder.TryDecode(_buffer) is { } request)
        {
            DropPassedOver();
            long bytes = _buffer.UsedBytes - _usedBytes;
            _usedBytes = _buffer.UsedBytes;
            var rpc = new TcpIncomingRpc(_answers, request, bytes);
            _context.Budget.Deliver(_share, bytes);
            bool hasRoom = _answers.Add(rpc);
            Hand(rpc);
            if (!hasRoom)
            {
                _answers.Flush();
                await _answers.WaitForRoomAsync().ConfigureAwait(false);
                _answers.Hold();
            }
        }

        DropPassedOver();
        _answers.Flush();
    }

    private void Hand(TcpIncomingRpc rpc)
    {
        try
        {
            _context.Receiver.Receive(rpc);
        }
        catch (Exception exception)
        {
            // Receivers promise not to. Unanswered, the request would keep its memory and hold up all answers behind it.
            rpc.Respond(null, $"the receiver failed: {exception.Message}");
            LogMessages.Unexpected(_context.Logger, Remote, exception);
        }
    }

    // The bytes of a snapshot are passed over, not held.
    private void DropPassedOver()
    {
        long passedOver = _decoder.PassedOverBytes - _passedOverBytes;
        if (passedOver > 0)
        {
            _passedOverBytes = _decoder.PassedOverBytes;
            _usedBytes += passedOver;
            _context.Budget.Drop(_share, passedOver);
        }
    }
}
