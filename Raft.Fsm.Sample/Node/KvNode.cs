using Raft.Fsm.Sample.Http;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Node;

/// <summary>A running node with its state machine: what the HTTP handlers work on.</summary>
/// <param name="raft">The Raft node.</param>
/// <param name="fsm">Its state machine.</param>
/// <param name="snapshots">Its snapshots.</param>
/// <param name="http">Where it serves clients.</param>
/// <param name="applyTimeout">How long a request may take.</param>
/// <param name="peers">What the node measures of its peers; made before it.</param>
internal sealed class KvNode(
    RaftNode raft, KvFsm fsm, ISnapshotStore snapshots, string http, TimeSpan applyTimeout, PeerFigures peers)
{
    /// <summary>The Raft node.</summary>
    public RaftNode Raft { get; } = raft;

    /// <summary>The state machine, to be read inside <see cref="RaftNode.InspectAsync{T}"/> only.</summary>
    public KvFsm Fsm { get; } = fsm;

    /// <summary>Its snapshots, to be read: the node alone writes them.</summary>
    public ISnapshotStore Snapshots { get; } = snapshots;

    /// <summary>Where it serves clients.</summary>
    public string Http { get; } = http;

    /// <summary>How long a request may take before its outcome is reported as unknown.</summary>
    public TimeSpan ApplyTimeout { get; } = applyTimeout;

    /// <summary>Who leads, and where it serves clients.</summary>
    public LeaderDirectory Leaders { get; } = new(raft, http);

    /// <summary>What the node measured of its peers.</summary>
    public PeerFigures Peers { get; } = peers;

    /// <summary>What was served.</summary>
    public RequestCounts Counts { get; } = new();

    /// <summary>Whether the node is as far as its leader was when they met.</summary>
    public Readiness Readiness { get; } = new(raft);

    /// <summary>Reads a key from this node's own state machine.</summary>
    /// <returns>The value, null where there is none, and the index it was read at.</returns>
    public Task<(byte[]? Value, ulong Index)> ReadAsync(string key) =>
        Raft.InspectAsync(index => (Fsm.Get(key), index)).WaitAsync(ApplyTimeout);
}
