// An operation on a register, by one name instead of three.
global using RegisterOperation = Raft.Simulation.HistoryOperation<Raft.Simulation.RegisterCall, long>;
