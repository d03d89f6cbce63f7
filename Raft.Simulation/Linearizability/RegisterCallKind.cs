namespace Raft.Simulation.Linearizability;

/// <summary>What a <see cref="RegisterCall"/> does.</summary>
/// <remarks>
/// A new kind has its cases in <see cref="RegisterSpecification"/>, <see cref="WrittenValues"/>,
/// <see cref="UnseenValues"/> and <see cref="HistoryFields"/>.
/// </remarks>
internal enum RegisterCallKind
{
    Get = 0,
    Put = 1,
    CompareAndSwap = 2,
}
