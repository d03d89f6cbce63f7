namespace Raft.MsgPack;

/// <summary>The bytes end within a value: more may come.</summary>
internal sealed class MsgPackIncompleteException() : Exception("the bytes end within a value");
