namespace Raft.MsgPack;

/// <summary>Bytes that are not the msgpack that was expected there.</summary>
internal sealed class MsgPackException(string message) : FormatException(message);
