namespace Raft.Stores.LiteDb.Writing;

/// <summary>Something that the store's thread is asked to do, and the one who waits for it.</summary>
internal abstract class StoreWork
{
    /// <summary>It is done.</summary>
    public abstract void Complete();

    /// <summary>It could not be done.</summary>
    public abstract void Fail(Exception failure);
}
