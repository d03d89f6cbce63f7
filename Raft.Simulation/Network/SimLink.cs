namespace Raft.Simulation.Network;

/// <summary>One direction between two machines.</summary>
internal sealed class SimLink
{
    /// <summary>How many faults cut it now; messages pass while none does.</summary>
    public int Cuts { get; set; }

    /// <summary>Whether connections over it are ended while it is cut, or hang.</summary>
    public bool IsRefusing { get; set; }

    /// <summary>What every message takes longer.</summary>
    public TimeSpan ExtraDelay { get; set; }

    /// <summary>Whether nothing passes.</summary>
    public bool IsCut => Cuts > 0;
}
