namespace Raft;

/// <summary>What became of a command, as far as this server can tell.</summary>
public enum CommandFate
{
    /// <summary>It may have been done, or may still be. <see cref="RaftNode.ResolveAsync"/> tells later, where its place is known.</summary>
    Unknown,

    /// <summary>It is committed: every server applies it, once.</summary>
    Done,

    /// <summary>It is not done and never will be: it can be sent again.</summary>
    NotDone,
}
