namespace Raft.Fsm.Sample.Kv;

/// <summary>What the state machine answered to a command.</summary>
/// <param name="Outcome">Whether it was applied.</param>
/// <param name="Index">Where the command stands that had this result: for a repeated request, the first one.</param>
/// <param name="Term">That entry's term.</param>
internal sealed record KvResult(KvOutcome Outcome, ulong Index, ulong Term)
{
    /// <summary>After a delete, whether the key had a value; else null.</summary>
    public bool? Existed { get; init; }

    /// <summary>After a compare-and-swap, whether it took place; else null.</summary>
    public bool? Swapped { get; init; }

    /// <summary>Why the command was not applied; null where it was.</summary>
    public string? Error { get; init; }
}
