using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// The values of the message that is being read, whichever it is; what it lacks stays zero. Owned by one connection's
/// reader, which uses it again for each message.
/// </summary>
internal sealed class MessageFields
{
    private readonly TextCache _texts = new();

    public string? Addr { get; private set; }

    public string? Id { get; private set; }

    public int ProtocolVersion { get; private set; }

    public string? Cluster { get; private set; }

    public ulong Term { get; private set; }

    public string? Leader { get; private set; }

    public string? Candidate { get; private set; }

    public ulong LeaderCommitIndex { get; private set; }

    public ulong PrevLogEntry { get; private set; }

    public ulong PrevLogTerm { get; private set; }

    public ulong LastLogIndex { get; private set; }

    public ulong LastLogTerm { get; private set; }

    public bool LeadershipTransfer { get; private set; }

    public bool Granted { get; private set; }

    public ReadOnlyMemory<byte>? Peers { get; private set; }

    public ulong LastLog { get; private set; }

    public bool NoRetryBackoff { get; private set; }

    public ulong? ConflictIndex { get; private set; }

    public ulong ConflictTerm { get; private set; }

    public bool Success { get; private set; }

    public ReadOnlyMemory<byte>? Configuration { get; private set; }

    public ulong ConfigurationIndex { get; private set; }

    public long Size { get; private set; }

    public int SnapshotVersion { get; private set; }

    public ReadOnlyMemory<byte>? Data { get; private set; }

    public int Kind { get; private set; }

    public ulong LeaseMs { get; private set; }

    public ulong PromiseMs { get; private set; }

    public ulong TransferTerm { get; private set; }

    public RpcHeader Header => new(ProtocolVersion, Id, Addr);

    /// <summary>Forgets the message before.</summary>
    public void Clear()
    {
        Addr = Id = Cluster = Leader = Candidate = null;
        ProtocolVersion = SnapshotVersion = Kind = 0;
        Term = LeaderCommitIndex = PrevLogEntry = PrevLogTerm = LastLogIndex = LastLogTerm = LastLog = 0;
        ConfigurationIndex = ConflictTerm = LeaseMs = PromiseMs = TransferTerm = 0;
        ConflictIndex = null;
        LeadershipTransfer = Granted = NoRetryBackoff = Success = false;
        Peers = Configuration = Data = null;
        Size = 0;
    }

    /// <summary>Reads a whole message. A key that it does not have is passed over; nil is a message of zeros.</summary>
    /// <param name="message">The bytes, one msgpack value.</param>
    /// <param name="known">The keys it has.</param>
    /// <exception cref="MsgPackException">The bytes are something else.</exception>
    public void Read(ReadOnlySpan<byte> message, Fields known)
    {
        Clear();
        var reader = new MsgPackReader(message);
        for (long pairs = reader.MapHeader(); pairs > 0 && !reader.IsIncomplete; pairs--)
        {
            Fields field = FieldNames.Of(reader.Raw(WireLimits.KeyBytesMax, out _));
            if ((field & known) == Fields.None)
            {
                reader.Skip();
            }
            else
            {
                ReadValue(ref reader, field);
            }
        }

        reader.RequireComplete();
    }

    /// <summary>Reads the value of one key.</summary>
    /// <param name="reader">Stands before the value; is incomplete afterwards where not all of it is there.</param>
    /// <param name="field">The key.</param>
    public void ReadValue(ref MsgPackReader reader, Fields field)
    {
        switch (field)
        {
            case Fields.Addr: Addr = Text(ref reader); break;
            case Fields.Id: Id = Text(ref reader); break;
            case Fields.ProtocolVersion: ProtocolVersion = Int32(ref reader); break;
            case Fields.Cluster: Cluster = Text(ref reader); break;
            case Fields.Term: Term = reader.Unsigned(); break;
            case Fields.Leader: Leader = Text(ref reader); break;
            case Fields.Candidate: Candidate = Text(ref reader); break;
            case Fields.LeaderCommitIndex: LeaderCommitIndex = reader.Unsigned(); break;
            case Fields.PrevLogEntry: PrevLogEntry = reader.Unsigned(); break;
            case Fields.PrevLogTerm: PrevLogTerm = reader.Unsigned(); break;
            case Fields.LastLogIndex: LastLogIndex = reader.Unsigned(); break;
            case Fields.LastLogTerm: LastLogTerm = reader.Unsigned(); break;
            case Fields.LeadershipTransfer: LeadershipTransfer = reader.Bool(); break;
            case Fields.Granted: Granted = reader.Bool(); break;
            case Fields.Peers: Peers = Bytes(ref reader); break;
            case Fields.LastLog: LastLog = reader.Unsigned(); break;
            case Fields.NoRetryBackoff: NoRetryBackoff = reader.Bool(); break;
            case Fields.ConflictIndex: ConflictIndex = reader.Unsigned(); break;
            case Fields.ConflictTerm: ConflictTerm = reader.Unsigned(); break;
            case Fields.Success: Success = reader.Bool(); break;
            case Fields.Configuration: Configuration = Bytes(ref reader); break;
            case Fields.ConfigurationIndex: ConfigurationIndex = reader.Unsigned(); break;
            case Fields.Size: Size = reader.Signed(); break;
            case Fields.SnapshotVersion: SnapshotVersion = Int32(ref reader); break;
            case Fields.Data: Data = Bytes(ref reader); break;
            case Fields.Kind: Kind = Int32(ref reader); break;
            case Fields.LeaseMs: LeaseMs = reader.Unsigned(); break;
            case Fields.PromiseMs: PromiseMs = reader.Unsigned(); break;
            case Fields.TransferTerm: TransferTerm = reader.Unsigned(); break;
            default: throw new ArgumentOutOfRangeException(nameof(field), field, "No single value.");
        }
    }

    private static int Int32(ref MsgPackReader reader)
    {
        long value = reader.Signed();
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new MsgPackException($"the number {value} is too large");
    }

    // The message was gathered whole before, and is the limit for its parts.
    private static ReadOnlyMemory<byte>? Bytes(ref MsgPackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(int.MaxValue, out bool isNil);
        // Not "null": that would become an empty memory, by way of an array.
        return isNil ? default(ReadOnlyMemory<byte>?) : bytes.ToArray();
    }

    private string? Text(ref MsgPackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Raw(WireLimits.TextBytesMax, out bool isNil);
        return isNil || reader.IsIncomplete ? null : _texts.Get(bytes);
    }
}
