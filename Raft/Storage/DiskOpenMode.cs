namespace Raft;

/// <summary>Whether a file must exist when it is opened.</summary>
public enum DiskOpenMode
{
    /// <summary>It must exist.</summary>
    Existing,

    /// <summary>It must not exist, and is created.</summary>
    New,

    /// <summary>It is created where it does not exist.</summary>
    ExistingOrNew,
}
