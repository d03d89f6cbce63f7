namespace Raft.Tests.Support;

/// <summary>Which sectors of a file a power cut takes, of those that were not synced.</summary>
internal enum SectorLoss
{
    /// <summary>Each with even chances.</summary>
    Some,

    /// <summary>All of them.</summary>
    All,

    /// <summary>All behind some place.</summary>
    AllBehindOne,

    /// <summary>A single one.</summary>
    One,

    /// <summary>None: the power came back in time, or the disk was quick.</summary>
    None,
}
