namespace Raft.Fsm.Sample.Kv;

/// <summary>What is remembered of a client that numbers its requests.</summary>
/// <param name="Request">The number of its last applied request.</param>
/// <param name="Result">That request's result, to be answered again when it is repeated.</param>
internal readonly record struct KvSession(ulong Request, KvResult Result);
