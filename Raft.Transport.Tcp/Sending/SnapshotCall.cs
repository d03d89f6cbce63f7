using System.Buffers;
using Raft.Rpc;
using Raft.Transport.Tcp.Wire;

namespace Raft.Transport.Tcp.Sending;

/// <summary>
/// Sends one snapshot over a connection of its own and waits for the answer, one piece of the bytes in memory at a time.
/// </summary>
/// <remarks>
/// The answer is awaited from the start: a receiver that answers early, or ends the connection, is not to be sent the
/// rest. When the call ends, nothing is read of the body any more.
/// </remarks>
internal sealed class SnapshotCall(
    ClientConnection connection, InstallSnapshotRequest request, ISnapshotBody body, TcpTransportOptions options)
{
    private const int PieceBytes = 128 * 1024;

    private readonly ExactBody _body = new(body, request.Size);

    /// <summary>Runs the call.</summary>
    /// <exception cref="TransportException">There was no answer.</exception>
    /// <exception cref="RemoteRpcException">The answer was an error.</exception>
    /// <exception cref="RaftException">The body's own: it cannot be read.</exception>
    public async Task<InstallSnapshotResponse> RunAsync()
    {
        Task<InstallSnapshotResponse> answer = ReceiveAsync();
        try
        {
            await SendAsync(answer).ConfigureAwait(false);
            TimeSpan timeout = AnswerTimeout(request.Size, options);
            using var deadline = new CallDeadline(
                options.TimeProvider, timeout,
                () => connection.Abort(
                    TransportFailure.TimedOut, $"{connection.Target} did not answer a snapshot within {timeout}"));
            deadline.Begin();
            return await answer.ConfigureAwait(false);
        }
        finally
        {
            // A body that failed: the receiver must not see the end of it. After an answer this changes nothing.
            connection.Abort(TransportFailure.Shutdown, "the snapshot could not be read to its end");
            await Task.WhenAny(answer).ConfigureAwait(false);
            _ = answer.Exception;
        }
    }

    /// <summary>How long the answer may take: Go's rule, with a limit.</summary>
    internal static TimeSpan AnswerTimeout(long size, TcpTransportOptions options)
    {
        double ticks = (double)options.Timeout.Ticks * Math.Max(1, size / options.SnapshotTimeoutScale);
        TimeSpan limit = options.SnapshotTimeoutMax > options.Timeout ? options.SnapshotTimeoutMax : options.Timeout;
        return ticks < limit.Ticks ? new TimeSpan((long)ticks) : limit;
    }

    private async Task SendAsync(Task answer)
    {
        var frame = new RequestFrame(cluster: options.ClusterId);
        frame.Encode(request);
        List<ReadOnlyMemory<byte>> segments = [.. frame.Segments];
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            bool isLast = false;
            while (!isLast && !answer.IsCompleted)
            {
                // The last piece is read to the body's very end before any of it is sent.
                (int length, isLast) = await _body.FillAsync(piece.AsMemory(0, PieceBytes)).ConfigureAwait(false);
                segments.Add(piece.AsMemory(0, length));
                connection.Deadline.Begin();
                if (!await TrySendAsync(segments, answer).ConfigureAwait(false))
                {
                    // Its answer may be on the way still, for as long as a piece may take.
                    return;
                }

                connection.Deadline.End();
                segments.Clear();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private async Task<bool> TrySendAsync(List<ReadOnlyMemory<byte>> segments, Task answer)
    {
        Task<bool> sending = connection.TrySendAsync(segments);
        if (!sending.IsCompleted && await Task.WhenAny(sending, answer).ConfigureAwait(false) != sending)
        {
            // Answered, or ended: whoever does not want the rest does not take it either.
            connection.Abort(TransportFailure.Closed, $"{connection.Target} answered before the end of the snapshot");
        }

        return await sending.ConfigureAwait(false);
    }

    private async Task<InstallSnapshotResponse> ReceiveAsync()
    {
        RpcResponse? response;
        string? error;
        while (!connection.TryDecode(RpcType.InstallSnapshot, out response, out error))
        {
            await connection.ReceiveAsync().ConfigureAwait(false);
        }

        return error is null ? (InstallSnapshotResponse)response! : throw new RemoteRpcException(error);
    }
}
