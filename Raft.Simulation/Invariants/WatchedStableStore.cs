namespace Raft.Simulation.Invariants;

/// <summary>A stable store that tells a <see cref="StoreModel"/> what is durable, before its node hears of it.</summary>
internal sealed class WatchedStableStore(IStableStore inner, StoreModel model) : IStableStore
{
    public ValueTask<TermAndVote?> LoadAsync() => inner.LoadAsync();

    public async ValueTask SaveAsync(TermAndVote record)
    {
        model.BeginSave(record);
        await inner.SaveAsync(record);
        model.EndSave();
    }

    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => inner.SetAsync(key, value);

    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => inner.GetAsync(key);
}
