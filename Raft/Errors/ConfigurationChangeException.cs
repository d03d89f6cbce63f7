namespace Raft;

/// <summary>The cluster's configuration cannot be changed in that way. Nothing was appended.</summary>
public sealed class ConfigurationChangeException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    public ConfigurationChangeException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened and what can be done.</param>
    /// <param name="innerException">What caused it.</param>
    public ConfigurationChangeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
