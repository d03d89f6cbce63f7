namespace Raft.Tests.Stores;

/// <summary>The two halves of a store that is open.</summary>
/// <param name="Log">The log.</param>
/// <param name="Stable">The term and vote.</param>
internal sealed record OpenedStore(ILogStore Log, IStableStore Stable);
