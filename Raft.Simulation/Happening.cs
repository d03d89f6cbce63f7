namespace Raft.Simulation;

/// <summary>What can happen in a run and is worth knowing that it did: faults, messages, corners of the protocol.</summary>
internal enum Happening
{
    Append,
    Heartbeat,
    RequestVote,
    PreVote,
    Ask,
    MessageDelayed,
    MessageDropped,
    MessageDuplicated,
    Probe,
    ConnectionBroken,
    PartitionBothWays,
    PartitionOneWay,
    PartitionBridge,
    PartitionFlapping,
    SlowLink,
    ProcessCrash,
    PowerCut,
    PowerCutOfAll,
    CrashAtWrite,
    Pause,
    Stop,
    Restart,
    CommitKnownAtStart,
    WriteTorn,
    NameLost,
    WriteFailed,
    SyncFailed,
    DiskFull,
    DiskStalled,
    BitRot,
    DamageRefused,
    ClockRate,
    ClockJump,
    LaggingLeader,
    LeftDown,
    Election,
    LeaderDeposed,
    ConflictTruncated,
    LeadershipLost,
    OutcomeUnknown,
    StoreRead,
    SegmentRotated,
    InstallSnapshot,
    InstallInterrupted,
    TimeoutNow,
    SnapshotTaken,
    SnapshotInstalled,
    Restore,
    UserRestore,
    LogCompacted,
    LogReset,
    ConflictReset,
    LogDroppedAtStart,
    ConfigurationRollback,
    MemberChange,
    Reload,
    LeaderRemoval,
    ServerWiped,
    Transfer,
    TransferOver,
    TransferFailed,
    TransferDeposed,
    TimeoutNowRefused,
    SnapshotOvertaken,
    RemovalLearned,
    LeaderAgain,
    LeaderLate,
    Recovered,
    RecoveryLeftToStart,
    StateKept,
    ConnectionsEnded,
    PortRefused,
    PortRefusedFalsely,
    LeaderGivenUp,
    LeaderKept,
    LeaderKeptUnanswered,
}

/// <summary>What belongs to which.</summary>
internal static class Happenings
{
    /// <summary>Which happening a message is.</summary>
    public static Happening Of(RpcRequest request) => request switch
    {
        AppendEntriesRequest { IsHeartbeat: true } => Happening.Heartbeat,
        AppendEntriesRequest => Happening.Append,
        RequestVoteRequest => Happening.RequestVote,
        RequestPreVoteRequest => Happening.PreVote,
        InstallSnapshotRequest => Happening.InstallSnapshot,
        TimeoutNowRequest => Happening.TimeoutNow,
        _ => Happening.Ask,
    };

    /// <summary>Whether something is rare outside the scenarios that dwell on it.</summary>
    public static bool IsRare(this Happening what) => what is Happening.ConflictReset or Happening.LogDroppedAtStart
        or Happening.SnapshotOvertaken or Happening.TimeoutNowRefused or Happening.RemovalLearned or Happening.LeaderAgain
        or Happening.LeaderLate or Happening.Reload or Happening.Recovered or Happening.RecoveryLeftToStart
        or Happening.LeaderKept or Happening.LeaderKeptUnanswered;

    /// <summary>Whether something can happen in runs of a profile at all.</summary>
    public static bool IsPartOf(this Happening what, SimulationProfile profile) => what switch
    {
        Happening.WriteFailed or Happening.SyncFailed or Happening.DiskFull or Happening.DiskStalled or Happening.BitRot
            or Happening.DamageRefused => profile == SimulationProfile.Disk,
        Happening.ClockRate or Happening.ClockJump or Happening.LaggingLeader => profile == SimulationProfile.Clocks,
        Happening.ConfigurationRollback or Happening.MemberChange or Happening.LeaderRemoval or Happening.ServerWiped
            or Happening.RemovalLearned or Happening.LeaderAgain or Happening.LeaderLate => profile == SimulationProfile.Membership,
        Happening.InstallSnapshot or Happening.InstallInterrupted or Happening.SnapshotTaken or Happening.SnapshotInstalled
            or Happening.Restore or Happening.UserRestore or Happening.LogCompacted or Happening.LogReset or Happening.ConflictReset
            or Happening.LogDroppedAtStart or Happening.SnapshotOvertaken => profile == SimulationProfile.Snapshots,
        Happening.Transfer or Happening.TransferOver or Happening.TransferFailed or Happening.TimeoutNow
            or Happening.TransferDeposed or Happening.TimeoutNowRefused =>
            profile == SimulationProfile.Transfer,
        _ => true,
    };
}
