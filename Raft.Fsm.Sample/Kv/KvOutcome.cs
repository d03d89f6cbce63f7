namespace Raft.Fsm.Sample.Kv;

/// <summary>Whether a command was applied.</summary>
internal enum KvOutcome
{
    /// <summary>It was, now or when the same request came first.</summary>
    Applied,

    /// <summary>It was not: the client's last applied request has a higher number.</summary>
    Superseded,

    /// <summary>It was not: its bytes are no command.</summary>
    NotACommand,
}
