namespace Raft;

/// <summary>What every RPC and every answer begins with.</summary>
/// <param name="ProtocolVersion">The sender's protocol version.</param>
/// <param name="Id">The sender; empty from Go versions before 1.3.7.</param>
/// <param name="Address">The sender's advertised address; empty from Go versions before 1.3.7.</param>
public readonly record struct RpcHeader(int ProtocolVersion, ServerId Id, ServerAddress Address);
