namespace Raft;

/// <summary>What became of an attempt to connect to a server (<see cref="ITransport.ProbeAsync"/>).</summary>
public enum ConnectOutcome
{
    /// <summary>Nothing is known: there was no answer in time, or another failure than a refusal, or the transport cannot tell.</summary>
    Unknown,

    /// <summary>Something takes connections there.</summary>
    Connected,

    /// <summary>The machine answered that nothing listens there.</summary>
    Refused,
}
