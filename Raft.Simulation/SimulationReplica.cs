namespace Raft.Simulation;

/// <summary>One server's state machine at the end of a run.</summary>
/// <typeparam name="TFsm">The state machine.</typeparam>
/// <param name="Server">The server.</param>
/// <param name="Fsm">Its state machine.</param>
public sealed record SimulationReplica<TFsm>(ServerId Server, TFsm Fsm)
    where TFsm : class, IFsm;
