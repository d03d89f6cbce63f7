namespace Raft.MsgPack;

/// <summary>The bytes end within a value, where no more will come.</summary>
internal sealed class MsgPackIncompleteException() : MsgPackException("the bytes end within a value");
