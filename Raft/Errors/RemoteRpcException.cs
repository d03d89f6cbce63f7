namespace Raft;

/// <summary>The other server answered the RPC with an error text.</summary>
public sealed class RemoteRpcException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public RemoteRpcException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public RemoteRpcException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
