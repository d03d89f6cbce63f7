namespace Raft.Tests.Support;

/// <summary>One server of a virtual cluster: its disk stays, its node comes and goes.</summary>
internal sealed class VirtualServer(ServerId id, ServerAddress address, VirtualClock clock, int seed)
{
    public ServerId Id => Config.LocalId;

    public ServerAddress Address { get; } = address;

    public VirtualStores Stores { get; private set; } = new(clock);

    public ISnapshotStore Snapshots { get; set; } = new InMemorySnapshotStore();

    public RaftConfig Config { get; set; } = new() { LocalId = id, Seed = seed, ShutdownOnRemove = false, DisableProposalForwarding = true };

    public CountingFsm Fsm { get; set; } = new();

    public RaftNode? Node { get; set; }

    /// <summary>Puts a blank disk in.</summary>
    public void Wipe()
    {
        Stores = new VirtualStores(clock);
        Snapshots = new InMemorySnapshotStore();
    }

    public string Describe() => Node is null
        ? $"{Id}: down, log to {Stores.LastIndex}, {Stores.Record}"
        : $"{Id}: {Node.State} term {Node.Term} leader {Node.Leader.Id} last {Node.LastIndex} durable "
            + $"{Node.Core.State.Log.DurableIndex} commit {Node.CommitIndex} applied {Node.AppliedIndex}";
}
