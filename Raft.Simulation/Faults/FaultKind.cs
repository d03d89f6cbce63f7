namespace Raft.Simulation.Faults;

/// <summary>What can be done to a cluster.</summary>
internal enum FaultKind
{
    Crash,
    PowerCutOfAll,
    Pause,
    Stop,
    Partition,
    SlowLink,
    BreakConnections,
    DiskError,
    DiskFull,
    DiskStall,
    BitRot,
    ClockRate,
    ClockJump,
    LaggingLeader,
}
