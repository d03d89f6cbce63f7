using Microsoft.Extensions.Logging;
using Raft.Core;
using Raft.Mutations;
using Raft.Observability;
using Raft.Rpc;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Replication;

/// <summary>
/// What the tasks of one leadership share: the term they speak for, captured once, and what they read from the node.
/// Made by the leader role, void when it ends.
/// </summary>
/// <param name="Epoch">Counts this node's leaderships.</param>
/// <param name="Term">The term of this leadership.</param>
/// <param name="State">The node's state, read only.</param>
/// <param name="Writer">Asked how long the disk has been busy.</param>
/// <param name="Snapshots">What followers are sent whose entries are let go of.</param>
/// <param name="NeedSnapshot">Asks for a new one: none that is kept can be read.</param>
/// <param name="Transport">The way to the followers.</param>
/// <param name="Capabilities">Which followers are of this library.</param>
/// <param name="Asks">Finds that out.</param>
/// <param name="Settings">The node's settings, which may be reloaded.</param>
/// <param name="Clock">The node's clock.</param>
/// <param name="Random">The node's random source.</param>
/// <param name="Tasks">The tasks of this leadership.</param>
/// <param name="Events">Where news goes.</param>
/// <param name="Observers">Who hears of heartbeats that fail.</param>
/// <param name="Meter">What is measured.</param>
/// <param name="Logger">The node's log.</param>
/// <param name="Mutation">The bug planted in the node; none in production.</param>
internal sealed record Leadership(
    ulong Epoch, ulong Term, NodeState State, LogWriter Writer, ISnapshotStore Snapshots, Action NeedSnapshot, ITransport Transport, PeerCapabilities Capabilities,
    AskProtocol Asks, LiveConfig Settings, NodeClock Clock, NodeRandom Random, TaskGroup Tasks, IPeerEvents Events,
    ObserverHub Observers, RaftMeter Meter, ILogger Logger,
    Mutation Mutation)
{
    private readonly DiskWatch _disk = new();

    /// <summary>The settings in force.</summary>
    public RaftConfig Config => Settings.Current;

    /// <summary>The newest question (verification or read) that followers' answers must postdate. Raised by the leader role.</summary>
    public ulong Round { get; set; }

    /// <summary>Until when followers are asked for promises: lease reads came not long ago. Set by the leader role.</summary>
    public TimeSpan LeaseWantedUntil { get; set; }

    /// <summary>Whether the leadership may be handed over from now on: nobody is asked for a promise, and none counts.</summary>
    public bool IsLeaseOver { get; set; }

    /// <summary>Until when promises that were asked for may last, had they been given at once. Raised by whoever asks.</summary>
    public TimeSpan LeaseAskedUntil { get; set; }

    /// <summary>For how long a follower of this library is asked to elect nobody else; zero for not.</summary>
    public TimeSpan LeaseToAsk()
    {
        if (IsLeaseOver || Clock.Now >= LeaseWantedUntil)
        {
            return TimeSpan.Zero;
        }

        TimeSpan until = Clock.Now + (Config.LeaderLeaseTimeout * (1 + Config.ClockDriftMax));
        LeaseAskedUntil = until > LeaseAskedUntil ? until : LeaseAskedUntil;
        return Config.LeaderLeaseTimeout;
    }

    /// <summary>Whether the disk has been busy with one write for too long, so that this node must not go on leading (W7).</summary>
    public bool IsDiskStalled => _disk.IsStalled(Writer.BusySince, Clock.Now, Config.DiskStall);

    /// <summary>When to look at the disk; null while it is not busy.</summary>
    public TimeSpan? LookAtDiskAt => _disk.LookAt(Writer.BusySince, Config.DiskStall);
}
