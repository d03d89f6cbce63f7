namespace Raftchaos.Clients;

/// <summary>Whether a call took effect.</summary>
internal enum CallVerdict
{
    /// <summary>Nobody knows: it may still take effect.</summary>
    Unknown = 0,

    /// <summary>It did, once.</summary>
    Answered = 1,

    /// <summary>It did not, and never will.</summary>
    DidNotHappen = 2,
}
