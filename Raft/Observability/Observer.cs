using System.Threading.Channels;

namespace Raft;

/// <summary>
/// A channel that hears what a node does, from <see cref="RaftNode.RegisterObserver"/> on. However slow its reader is, the
/// node never waits for it.
/// </summary>
public sealed class Observer
{
    /// <summary>So many observations wait for a blocking observer's reader; those beyond are dropped and counted.</summary>
    public const int PendingMax = 4096;

    private long _observedCount;
    private long _droppedCount;

    /// <summary>An observer.</summary>
    /// <param name="channel">Where observations go, in order. Owned by the caller.</param>
    /// <param name="blocking">
    /// What becomes of an observation for which the channel has no room: it waits until there is room (true), as do up to
    /// <see cref="PendingMax"/> behind it, or is dropped (false).
    /// </param>
    /// <param name="filter">
    /// Which observations are wanted; null for all. Called on a task of the observer, never at once. One that throws drops the
    /// observation.
    /// </param>
    public Observer(ChannelWriter<Observation> channel, bool blocking = false, Predicate<Observation>? filter = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        Channel = channel;
        IsBlocking = blocking;
        Filter = filter;
    }

    /// <summary>How many observations were put into the channel.</summary>
    public long ObservedCount => Interlocked.Read(ref _observedCount);

    /// <summary>How many that were wanted were not.</summary>
    public long DroppedCount => Interlocked.Read(ref _droppedCount);

    internal ChannelWriter<Observation> Channel { get; }

    internal bool IsBlocking { get; }

    internal Predicate<Observation>? Filter { get; }

    internal void NoteObserved() => Interlocked.Increment(ref _observedCount);

    internal void NoteDropped() => Interlocked.Increment(ref _droppedCount);
}
