namespace Raft;

/// <summary>The leader is handing its leadership over. Nothing was appended; try again soon.</summary>
public sealed class LeadershipTransferInProgressException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public LeadershipTransferInProgressException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public LeadershipTransferInProgressException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
