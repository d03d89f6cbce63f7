namespace Raft.Transport.Tcp.Wire;

/// <summary>Whose bytes to write. What is read is not affected: every form is read.</summary>
internal enum WireDialect
{
    /// <summary>hashicorp/raft 1.7; older versions skip the keys they do not know. What the transport writes.</summary>
    Go17,

    /// <summary>hashicorp/raft 1.1: no ID, no Addr, and signed numbers written as if unsigned. For the golden tests.</summary>
    Go11,
}
