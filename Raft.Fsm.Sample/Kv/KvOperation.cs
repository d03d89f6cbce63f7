namespace Raft.Fsm.Sample.Kv;

/// <summary>What a command does to its key.</summary>
internal enum KvOperation
{
    /// <summary>Gives the key a value.</summary>
    Set,

    /// <summary>Takes the key away.</summary>
    Delete,

    /// <summary>Gives the key a value if it has the expected one now.</summary>
    CompareAndSwap,
}
