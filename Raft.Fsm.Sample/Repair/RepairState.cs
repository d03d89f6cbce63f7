namespace Raft.Fsm.Sample.Repair;

/// <summary>What a node's directory is like when its repair begins, or goes on.</summary>
internal enum RepairState
{
    /// <summary>It holds nothing.</summary>
    Blank,

    /// <summary>A node would start from it.</summary>
    Whole,

    /// <summary>A node would be refused, or some of what it holds is damaged.</summary>
    Damaged,
}
