namespace Raft;

/// <summary>Where a transport delivers what it received.</summary>
public interface IRpcReceiver
{
    /// <summary>
    /// Takes a request. Called from any thread; returns at once and does not throw. The answer may be given before
    /// it returns, or much later.
    /// </summary>
    /// <param name="rpc">The request with its way back.</param>
    void Receive(IncomingRpc rpc);

    /// <summary>
    /// All connections have ended over which requests had come that named this server in their header. Called after the last of those
    /// requests was received, from any thread; returns at once and does not throw. It is news and no proof: the server may be
    /// connecting anew at this moment. Nothing is told once the transport is being closed.
    /// </summary>
    /// <param name="server">The server.</param>
    void Disconnected(ServerId server)
    {
        // Whoever takes no interest goes by time alone.
    }
}
