namespace Raft;

/// <summary>
/// A recovery would make entries count as committed that the server does not know to be. Nothing was changed: look at the
/// logs of all servers that are left, and recover the one with the last entry of the highest term, and of that term the
/// highest index, with <c>acceptsUncommitted</c>.
/// </summary>
public sealed class UncommittedEntriesException : RaftException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="commitIndex">Up to where the server knows its entries to be committed.</param>
    /// <param name="lastIndex">The index of its last entry.</param>
    /// <param name="lastTerm">The term of its last entry.</param>
    public UncommittedEntriesException(ulong commitIndex, ulong lastIndex, ulong lastTerm)
        : base(
            $"This server's log ends with entry {lastIndex} of term {lastTerm}, and only those up to {commitIndex} are known here "
            + "to be committed; the others may be, too. Nothing was changed. Compare the last entries of all servers that are "
            + "left: the highest last term wins, and of that term the highest last index. Where this is the one, recover it and "
            + "say that such entries are accepted (acceptsUncommitted).")
    {
        CommitIndex = commitIndex;
        LastIndex = lastIndex;
        LastTerm = lastTerm;
    }

    /// <summary>Up to where the server knows its entries to be committed.</summary>
    public ulong CommitIndex { get; }

    /// <summary>The index of its last entry.</summary>
    public ulong LastIndex { get; }

    /// <summary>The term of its last entry.</summary>
    public ulong LastTerm { get; }
}
