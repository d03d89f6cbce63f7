namespace Raft.Fsm.Sample.Admin;

/// <summary>What was asked of a node did not come about. The message says why, for a person.</summary>
internal sealed class AdminException(string message, Exception? inner = null) : Exception(message, inner);
