namespace Raft;

/// <summary>
/// What an <see cref="ILogStore"/> may offer beside: to tell back the commit index that it was given with its writes
/// (<see cref="LogAppend.CommitIndex"/>). A server that is started then serves what was committed without hearing a leader
/// first, and one that is recovered knows which entries it need not force.
/// </summary>
public interface ICommitHint
{
    /// <summary>
    /// The highest commit index that any durable write named, or 0. Everything at or below it was committed; more may
    /// have been. It may be above <see cref="ILogStore.LastIndex"/> where entries were dropped for a snapshot.
    /// </summary>
    ulong KnownCommitIndex { get; }
}
