namespace Raft;

/// <summary>
/// Another restore began, or a leadership ended, between the first and the last entry of a restore. Nothing was changed by it.
/// </summary>
public sealed class RestoreOvertakenException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public RestoreOvertakenException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public RestoreOvertakenException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
