namespace Raft.Transport.Tcp.Wire;

/// <summary>The keys as they stand on the wire: Go's field names, case-sensitive.</summary>
internal static class FieldNames
{
    /// <summary>The key of that name; <see cref="Fields.None"/> where no message has it.</summary>
    public static Fields Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("ID"u8) => Fields.Id,
        4 when name.SequenceEqual("Addr"u8) => Fields.Addr,
        4 when name.SequenceEqual("Term"u8) => Fields.Term,
        4 when name.SequenceEqual("Size"u8) => Fields.Size,
        4 when name.SequenceEqual("Data"u8) => Fields.Data,
        4 when name.SequenceEqual("Kind"u8) => Fields.Kind,
        5 when name.SequenceEqual("Peers"u8) => Fields.Peers,
        6 when name.SequenceEqual("Leader"u8) => Fields.Leader,
        7 when name.SequenceEqual("Entries"u8) => Fields.Entries,
        7 when name.SequenceEqual("Success"u8) => Fields.Success,
        7 when name.SequenceEqual("LeaseMs"u8) => Fields.LeaseMs,
        7 when name.SequenceEqual("LastLog"u8) => Fields.LastLog,
        7 when name.SequenceEqual("Granted"u8) => Fields.Granted,
        7 when name.SequenceEqual("Cluster"u8) => Fields.Cluster,
        9 when name.SequenceEqual("PromiseMs"u8) => Fields.PromiseMs,
        9 when name.SequenceEqual("Candidate"u8) => Fields.Candidate,
        11 when name.SequenceEqual("PrevLogTerm"u8) => Fields.PrevLogTerm,
        11 when name.SequenceEqual("LastLogTerm"u8) => Fields.LastLogTerm,
        12 when name.SequenceEqual("TransferTerm"u8) => Fields.TransferTerm,
        12 when name.SequenceEqual("PrevLogEntry"u8) => Fields.PrevLogEntry,
        12 when name.SequenceEqual("LastLogIndex"u8) => Fields.LastLogIndex,
        12 when name.SequenceEqual("ConflictTerm"u8) => Fields.ConflictTerm,
        13 when name.SequenceEqual("ConflictIndex"u8) => Fields.ConflictIndex,
        13 when name.SequenceEqual("Configuration"u8) => Fields.Configuration,
        14 when name.SequenceEqual("NoRetryBackoff"u8) => Fields.NoRetryBackoff,
        15 when name.SequenceEqual("ProtocolVersion"u8) => Fields.ProtocolVersion,
        15 when name.SequenceEqual("SnapshotVersion"u8) => Fields.SnapshotVersion,
        17 when name.SequenceEqual("LeaderCommitIndex"u8) => Fields.LeaderCommitIndex,
        18 when name.SequenceEqual("ConfigurationIndex"u8) => Fields.ConfigurationIndex,
        18 when name.SequenceEqual("LeadershipTransfer"u8) => Fields.LeadershipTransfer,
        _ => Fields.None,
    };
}
