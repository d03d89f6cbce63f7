namespace Raft.Fsm.Sample.Kv;

/// <summary>The replicated state itself. Owned by its <see cref="KvFsm"/>, or by the reader that fills it.</summary>
internal sealed class KvState
{
    /// <summary>The keys with their values, whose bytes are never changed.</summary>
    public Dictionary<string, byte[]> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>The clients that number their requests.</summary>
    public SessionTable Sessions { get; set; } = new();
}
