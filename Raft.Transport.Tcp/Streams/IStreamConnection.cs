using System.Security.Authentication;

namespace Raft.Transport.Tcp;

/// <summary>
/// One connection. Used by at most one task for receiving and one for sending at a time. Disposing it, from any thread,
/// ends both with an exception.
/// </summary>
public interface IStreamConnection : IDisposable
{
    /// <summary>The other side, for log lines.</summary>
    string RemoteName { get; }

    /// <summary>
    /// The servers that the other side has proved to be, from when the first byte was received; null where the layer does not know, and
    /// then each is believed. A request that names another server is refused.
    /// </summary>
    IReadOnlyCollection<ServerId>? ProvenIds => null;

    /// <summary>
    /// Whether the connection is open and nothing waits to be received. Asked of a dialled connection that lay idle, where
    /// anything to be received is its end, and of an accepted one before a wait that may be long, where a wrong answer
    /// costs nothing but time. Answered at once; another task may be sending.
    /// </summary>
    bool IsQuiet { get; }

    /// <summary>Receives what is there, waiting for at least one byte.</summary>
    /// <param name="buffer">Where the bytes go; not empty.</param>
    /// <returns>How many bytes; 0 when the other side ended the connection in good order. Awaited once.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="AuthenticationException">
    /// The other side has not proved who it is, or is somebody else: nothing that was to be sent was. An <see cref="IOException"/> with
    /// one of these within says that the other side seems to refuse this one.
    /// </exception>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all bytes of all segments, in order, in as few calls of the system as possible.</summary>
    /// <param name="segments">The bytes; read until completion only.</param>
    /// <returns>Completes when the system has taken them. Awaited once.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="AuthenticationException">As for <see cref="ReceiveAsync"/>.</exception>
    ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments);
}
