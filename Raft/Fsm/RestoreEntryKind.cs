namespace Raft.Fsm;

/// <summary>What an entry is of a user's restore. The numbers stand in the log.</summary>
internal enum RestoreEntryKind : byte
{
    /// <summary>The first: a restore begins, and one that was begun before is given up.</summary>
    Begin = 1,

    /// <summary>A piece of the new state, as the entry's data.</summary>
    Piece = 2,

    /// <summary>The last: the state gives way to the new one here.</summary>
    End = 3,

    /// <summary>The restore is given up.</summary>
    Abandon = 4,
}
