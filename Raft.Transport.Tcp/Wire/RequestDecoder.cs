using Raft.MsgPack;

namespace Raft.Transport.Tcp.Wire;

/// <summary>Reads one connection's requests, one after the other, as they arrive. Owned by the connection's reader.</summary>
/// <param name="entryBytesMax">The most that one entry, or the data of an Ask, may take.</param>
internal sealed class RequestDecoder(int entryBytesMax)
{
    private readonly ValueAssembler _assembler = new();
    private readonly MessageFields _fields = new();
    private AppendEntriesDecoder? _appends;
    private RpcType _type;

    /// <summary>Whether the beginning of a request was read and its end was not.</summary>
    public bool IsWithinRequest { get; private set; }

    /// <summary>The cluster that the last request named; null where it named none.</summary>
    public string? Cluster => _fields.Cluster;

    /// <summary>Goes on.</summary>
    /// <param name="buffer">What was received.</param>
    /// <returns>
    /// The next request when it is whole; null when more has to be received. Behind an
    /// <see cref="InstallSnapshotRequest"/> stand the bytes of its snapshot, which are the caller's to take.
    /// </returns>
    /// <exception cref="MsgPackException">It is no request or over a limit.</exception>
    public RpcRequest? TryDecode(ReceiveBuffer buffer)
    {
        if (!IsWithinRequest)
        {
            if (buffer.UnreadBytes == 0)
            {
                return null;
            }

            Begin((RpcType)buffer.Unread[0]);
            buffer.Use(1);
        }

        RpcRequest? request = _type == RpcType.AppendEntries ? _appends!.TryDecode(buffer) : Message(buffer);
        IsWithinRequest = request is null;
        return request;
    }

    /// <summary>Gives back what an unfinished request holds.</summary>
    public void Abandon() => _assembler.Abandon();

    private void Begin(RpcType type)
    {
        _type = type;
        IsWithinRequest = true;
        switch (type)
        {
            case RpcType.AppendEntries:
                _appends ??= new AppendEntriesDecoder(
                    (long)entryBytesMax + LogEncoding.OverheadBytesMax, _fields, _assembler);
                _appends.Begin();
                break;
            case RpcType.Ask:
                _assembler.Begin((long)entryBytesMax + WireLimits.AskOverheadBytes);
                break;
            case RpcType.RequestVote or RpcType.InstallSnapshot or RpcType.TimeoutNow or RpcType.RequestPreVote:
                _assembler.Begin(WireLimits.MessageBytesMax);
                break;
            default:
                throw new MsgPackException($"0x{(byte)type:x2} is no type of RPC");
        }
    }

    private RpcRequest? Message(ReceiveBuffer buffer)
    {
        if (!_assembler.TryTake(buffer, out ReadOnlyMemory<byte> message, out _))
        {
            return null;
        }

        RpcRequest request = Decode(message.Span);
        return request is InstallSnapshotRequest { Size: < 0 } snapshot
            ? throw new MsgPackException($"a snapshot of {snapshot.Size} bytes")
            : request;
    }

    private RpcRequest Decode(ReadOnlySpan<byte> message)
    {
        MessageFields f = _fields;
        switch (_type)
        {
            case RpcType.RequestVote:
                f.Read(message, Fields.VoteRequest);
                return new RequestVoteRequest(f.Header)
                {
                    Term = f.Term,
                    Candidate = f.Candidate,
                    LastLogIndex = f.LastLogIndex,
                    LastLogTerm = f.LastLogTerm,
                    LeadershipTransfer = f.LeadershipTransfer,
                    TransferTerm = f.TransferTerm,
                };
            case RpcType.RequestPreVote:
                f.Read(message, Fields.PreVoteRequest);
                return new RequestPreVoteRequest(f.Header)
                {
                    Term = f.Term,
                    LastLogIndex = f.LastLogIndex,
                    LastLogTerm = f.LastLogTerm,
                };
            case RpcType.InstallSnapshot:
                f.Read(message, Fields.SnapshotRequest);
                return Snapshot(f);
            case RpcType.Ask:
                f.Read(message, Fields.Ask);
                return new AskRequest(f.Header) { Data = f.Data ?? default, Kind = f.Kind };
            default:
                f.Read(message, Fields.TimeoutNow);
                return new TimeoutNowRequest(f.Header) { Term = f.Term };
        }
    }

    private static InstallSnapshotRequest Snapshot(MessageFields f) => new(f.Header)
    {
        SnapshotVersion = f.SnapshotVersion,
        Term = f.Term,
        Leader = f.Leader,
        LastLogIndex = f.LastLogIndex,
        LastLogTerm = f.LastLogTerm,
        Peers = f.Peers,
        Configuration = f.Configuration,
        ConfigurationIndex = f.ConfigurationIndex,
        Size = f.Size,
    };
}
