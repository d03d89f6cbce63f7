namespace Raft.Simulation.Invariants;

/// <summary>A snapshot store that tells a <see cref="SnapshotModel"/> what is durable, before its node hears of it.</summary>
internal sealed class WatchedSnapshotStore(ISnapshotStore inner, SnapshotModel model, Coverage coverage) : ISnapshotStore
{
    public async ValueTask<ISnapshotSink> CreateAsync(SnapshotPoint point) =>
        new Sink(await inner.CreateAsync(point), point, model, coverage);

    // One that is listed is durable, also where the task that wrote it was not yet told.
    public async ValueTask<IReadOnlyList<SnapshotMeta>> ListAsync()
    {
        IReadOnlyList<SnapshotMeta> listed = await inner.ListAsync();
        foreach (SnapshotMeta snapshot in listed)
        {
            model.End(snapshot);
        }

        return listed;
    }

    public ValueTask<ISnapshotSource> OpenAsync(string id) => inner.OpenAsync(id);

    private sealed class Sink(ISnapshotSink inner, SnapshotPoint point, SnapshotModel model, Coverage coverage) : ISnapshotSink
    {
        public string Id => inner.Id;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => inner.WriteAsync(bytes);

        public async ValueTask<SnapshotMeta> CommitAsync()
        {
            model.Begin(Id, point);
            SnapshotMeta meta = await inner.CommitAsync();
            if (meta.Index < model.Index)
            {
                coverage.Hit(Happening.SnapshotOvertaken);
            }

            model.End(meta);
            return meta;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
