using Raft.Simulation.Disk;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;

namespace Raft.Simulation.Cluster;

/// <summary>How the founders' configuration comes into the first logs.</summary>
internal enum Founding
{
    /// <summary>Every voter writes it before its first start, as raftkv does.</summary>
    EachVoterOffline,

    /// <summary>One voter writes it before its first start; the others learn it from the leader.</summary>
    OneVoterOffline,

    /// <summary>One voter is told while it runs.</summary>
    OneVoterLive,
}

/// <summary>What a seed drew for its cluster: size, settings, network and disks. Printed when the seed fails.</summary>
internal sealed record ClusterPlan
{
    private static readonly int[] Sizes = [3, 3, 3, 3, 5, 5, 5, 5, 1, 7];

    public required int Servers { get; init; }

    public required int Nonvoters { get; init; }

    /// <summary>Servers beyond the founders, which start blank and are no members.</summary>
    public required int Spares { get; init; }

    /// <summary>All servers.</summary>
    public int Machines => Servers + Spares;

    public required ulong SnapshotThreshold { get; init; }

    public required TimeSpan SnapshotInterval { get; init; }

    public required ulong TrailingLogs { get; init; }

    /// <summary>How many administrators change members at once.</summary>
    public required int Administrators { get; init; }

    /// <summary>The mean time between two changes of one administrator.</summary>
    public required TimeSpan ChangeMean { get; init; }

    /// <summary>The mean time between two transfers that are asked for; zero for none.</summary>
    public required TimeSpan TransferMean { get; init; }

    /// <summary>The mean time between two snapshots that are asked for; zero for none.</summary>
    public required TimeSpan SnapshotMean { get; init; }

    public required int Clients { get; init; }

    public required Founding Founding { get; init; }

    public required TimeSpan Heartbeat { get; init; }

    public required TimeSpan Lease { get; init; }

    /// <summary>By how much the servers' leases differ, as a share.</summary>
    public double LeaseSpread { get; init; }

    public required TimeSpan Commit { get; init; }

    /// <summary>What leaders do about their members by themselves; null for nothing.</summary>
    public required AutopilotConfig? Autopilot { get; init; }

    public required bool PreVoteDisabled { get; init; }

    public required int MaxAppendEntries { get; init; }

    /// <summary>How far the rates of two clocks may be apart, as a share.</summary>
    public required double ClockDriftMax { get; init; }

    /// <summary>The share of the clients' turns in which they read, beside those that they draw themselves; 0 for none.</summary>
    public double ReadShare { get; init; }

    /// <summary>Whether servers send the commands that they are given to their leader.</summary>
    public required bool IsForwarding { get; init; }

    public required RaftLimits Limits { get; init; }

    public required long SegmentBytes { get; init; }

    public required NetworkConditions Network { get; init; }

    public required DiskConditions Disk { get; init; }

    /// <summary>The most time that a state machine takes to write a snapshot; zero for none.</summary>
    public required TimeSpan PersistMax { get; init; }

    /// <summary>Draws a plan.</summary>
    public static ClusterPlan Draw(SimRandom random, SimulationOptions options, SimulationProfile profile)
    {
        bool isChanging = profile == SimulationProfile.Membership;
        int servers = options.Servers ?? (isChanging ? (int)random.Between(1, 5) : random.Pick(Sizes));
        int nonvoters = servers >= 3 && random.Chance(0.25) ? random.Next(servers > 3 ? 3 : 2) : 0;
        bool hasSnapshots = random.Chance(SnapshotShare(profile));
        var heartbeat = TimeSpan.FromMilliseconds(random.LogBetween(150, 1000));
        return new ClusterPlan
        {
            Servers = servers,
            Nonvoters = nonvoters,
            Spares = isChanging ? Math.Max(0, (int)random.Between(Math.Min(4, servers + 1), 7) - servers) : 0,
            SnapshotThreshold = hasSnapshots ? (ulong)random.Between(10, random.Chance(0.5) ? 40 : 200) : 8192,
            SnapshotInterval = TimeSpan.FromMilliseconds(random.LogBetween(20, 5000)),
            TrailingLogs = hasSnapshots ? (random.Chance(0.4) ? 0 : (ulong)random.Between(0, 50)) : 10_240,
            Administrators = isChanging ? (int)random.Between(1, 2) : 0,
            ChangeMean = TimeSpan.FromSeconds(random.LogBetween(0.3, 3)),
            TransferMean = profile == SimulationProfile.Transfer ? TimeSpan.FromSeconds(random.LogBetween(0.3, 5))
                : isChanging && random.Chance(0.3) ? TimeSpan.FromSeconds(5) : TimeSpan.Zero,
            SnapshotMean = hasSnapshots && random.Chance(0.5) ? TimeSpan.FromSeconds(random.LogBetween(0.1, 10)) : TimeSpan.Zero,
            PersistMax = hasSnapshots && random.Chance(0.4) ? TimeSpan.FromSeconds(random.LogBetween(0.005, 5)) : TimeSpan.Zero,
            Clients = options.Clients ?? (int)random.Between(3, 6),
            Founding = (Founding)random.Next(3),
            Heartbeat = heartbeat,
            Lease = heartbeat * (0.5 + (random.NextFraction() / 2)),
            Commit = heartbeat * (0.1 + (random.NextFraction() * 0.3)),
            PreVoteDisabled = random.Chance(0.25),
            MaxAppendEntries = random.Chance(0.5) ? 64 : (int)random.Between(1, 8),
            IsForwarding = random.Chance(0.5),
            ClockDriftMax = random.Chance(0.5) ? 3 : random.LogBetween(0.05, 3),
            Limits = DrawLimits(random),
            SegmentBytes = random.Chance(0.5) ? 8192 : 65536,
            Network = DrawNetwork(random, heartbeat),
            Disk = new DiskConditions
            {
                SyncMax = TimeSpan.FromMilliseconds(random.LogBetween(0.1, random.Chance(0.2) ? heartbeat.TotalMilliseconds : 30)),
                AtomicBytes = random.Pick([512, 512, 64, 8]),
            },
            Autopilot = isChanging && random.Chance(0.4) ? DrawAutopilot(random, heartbeat) : null,
        };
    }

    /// <summary>The lease of one server.</summary>
    public TimeSpan LeaseOf(int machine) => Lease * (1 - (LeaseSpread * machine / Machines));

    /// <summary>The settings of a server, but for what is each one's own.</summary>
    public RaftConfig ToConfig() => new()
    {
        HeartbeatTimeout = Heartbeat,
        ElectionTimeout = Heartbeat,
        LeaderLeaseTimeout = Lease,
        CommitTimeout = Commit,
        PreVoteDisabled = PreVoteDisabled,
        ShutdownOnRemove = false,
        MaxAppendEntries = MaxAppendEntries,
        DisableProposalForwarding = !IsForwarding,
        ClockDriftMax = ClockDriftMax,
        LeaderWaitTimeout = Heartbeat * 4,
        Autopilot = Autopilot,
        Limits = Limits,
        SnapshotThreshold = SnapshotThreshold,
        SnapshotInterval = SnapshotInterval,
        TrailingLogs = TrailingLogs,
    };

    private static double SnapshotShare(SimulationProfile profile) => profile switch
    {
        SimulationProfile.Snapshots => 1,
        SimulationProfile.Membership => 0.5,
        _ => 0.2,
    };

    private static RaftLimits DrawLimits(SimRandom random)
    {
        var limits = new RaftLimits();
        RaftLimits drawn = limits with
        {
            BatchCountMax = random.Chance(0.5) ? 1 : limits.BatchCountMax,
            InFlightCountMax = (int)random.Between(1, 4),
            AppendBytesMax = random.Chance(0.3) ? 200 : limits.AppendBytesMax,
            AppendCountMax = random.Chance(0.3) ? 2 : limits.AppendCountMax,
            TailBytesMax = random.Chance(0.4) ? 0 : limits.TailBytesMax,
            FsmReadAheadBytesMax = random.Chance(0.2) ? 300 : limits.FsmReadAheadBytesMax,
            UncommittedBytesMax = random.Chance(0.3) ? 600 : limits.UncommittedBytesMax,
            UnappliedBytesMax = random.Chance(0.3) ? 600 : limits.UnappliedBytesMax,
            UndurableBytesMax = random.Chance(0.3) ? 600 : limits.UndurableBytesMax,
            InFlightBytesMax = random.Chance(0.3) ? 600 : limits.InFlightBytesMax,
            ApplyQueueBytesMax = random.Chance(0.3) ? 60 : limits.ApplyQueueBytesMax,
            BatchBytesMax = random.Chance(0.3) ? 40 : limits.BatchBytesMax,
            ApplyQueueCountMax = random.Chance(0.1) ? 2 : limits.ApplyQueueCountMax,
        };
        return drawn with
        {
            SnapshotSendBytesPerSecond = drawn.InFlightCountMax == 1 ? 1 << 20 : limits.SnapshotSendBytesPerSecond,

            // What is read from the store while its truncation waits is not committed, and in memory below this.
            UncommittedBytesMax = drawn.TailBytesMax == 0 && drawn.InFlightCountMax <= 2 ? 600 : drawn.UncommittedBytesMax,
        };
    }

    private static AutopilotConfig DrawAutopilot(SimRandom random, TimeSpan heartbeat) => new()
    {
        PromotesNonvoters = random.Chance(0.7),
        SteadyFor = heartbeat * random.LogBetween(0.1, 20),
        RemoveDeadAfter = random.Chance(0.7) ? heartbeat * random.LogBetween(2, 50) : null,
        VotersMin = (int)random.Between(1, 4),
    };

    private static NetworkConditions DrawNetwork(SimRandom random, TimeSpan heartbeat)
    {
        var delayMax = TimeSpan.FromMilliseconds(random.LogBetween(0.3, heartbeat.TotalMilliseconds / 10));
        return new NetworkConditions
        {
            DelayMin = delayMax * 0.1,
            DelayMax = delayMax,
            StragglerShare = random.Chance(0.5) ? random.LogBetween(0.001, 0.1) : 0,
            StragglerDelayMax = heartbeat * random.LogBetween(0.2, 4),
            DropShare = random.Chance(0.5) ? random.LogBetween(0.001, 0.15) : 0,
            DuplicateShare = random.Chance(0.5) ? random.LogBetween(0.001, 0.1) : 0,
            ProbeShare = random.Chance(0.5) ? random.LogBetween(0.01, 0.5) : 0,
            BreakShare = random.Chance(0.5) ? random.LogBetween(0.001, 0.05) : 0,
            Timeout = heartbeat * random.LogBetween(0.5, 5),
            PieceTimeMax = heartbeat * random.LogBetween(0.001, 0.3),
            FalseRefusalShare = random.Chance(0.5) ? random.LogBetween(0.02, 0.5) : 0,
            ProbeHangShare = random.Chance(0.5) ? random.LogBetween(0.02, 0.5) : 0,
        };
    }
}
