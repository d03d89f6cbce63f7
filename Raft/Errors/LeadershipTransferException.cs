namespace Raft;

/// <summary>The leadership was not handed over; this server goes on leading, or another took over by itself.</summary>
public sealed class LeadershipTransferException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public LeadershipTransferException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public LeadershipTransferException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
