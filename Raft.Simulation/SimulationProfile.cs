namespace Raft.Simulation;

/// <summary>On which kind of fault a run dwells. Crashes, pauses, partitions and a bad network are part of all.</summary>
public enum SimulationProfile
{
    /// <summary>Crashes, power cuts, pauses, partitions and a network that loses, delays, repeats and reorders.</summary>
    Safety,

    /// <summary>Clocks that run at 0.5 to 2 times the true rate and jump, and long pauses.</summary>
    Clocks,

    /// <summary>Disks that fail, fill up, stall and rot, and crashes at every write and sync.</summary>
    Disk,

    /// <summary>Small snapshots all the time, servers that fall behind the leader's log, and transfers of snapshots that break off.</summary>
    Snapshots,

    /// <summary>Servers that are added, promoted, demoted and removed, the leader among them, and disks that are lost.</summary>
    Membership,

    /// <summary>Leaders that are asked to hand over, under load, to servers that die meanwhile.</summary>
    Transfer,
}
