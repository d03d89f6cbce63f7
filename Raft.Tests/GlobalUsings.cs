global using NUnit.Framework;
global using RegisterOperation = Raft.Simulation.HistoryOperation<Raft.Simulation.RegisterCall, long>;
