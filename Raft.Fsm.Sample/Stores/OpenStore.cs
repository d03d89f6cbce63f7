namespace Raft.Fsm.Sample.Stores;

/// <summary>A store of any kind, open: what a node needs of it. Disposing closes it.</summary>
/// <param name="Log">The log.</param>
/// <param name="Stable">Term and vote.</param>
/// <param name="Owner">The store itself.</param>
internal sealed record OpenStore(ILogStore Log, IStableStore Stable, IAsyncDisposable Owner) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Owner.DisposeAsync();
}
