namespace Raft.Fsm.Sample.Node;

/// <summary>The stores by the names that the command line uses.</summary>
internal static class StoreNames
{
    public const string Wal = "wal";
    public const string LiteDb = "litedb";
    public const string Memory = "memory";
}
