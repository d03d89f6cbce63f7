namespace Raft.MsgPack;

/// <summary>Bytes that are not the msgpack that was expected there.</summary>
internal class MsgPackException(string message) : FormatException(message);
