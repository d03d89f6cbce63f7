namespace Raft.Tests.Interop;

/// <summary>What a server's state machine holds.</summary>
/// <param name="Count">How many pairs.</param>
/// <param name="Sha256">Their digest.</param>
internal sealed record MemberState(int Count, string Sha256);
