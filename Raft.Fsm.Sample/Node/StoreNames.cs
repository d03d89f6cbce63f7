using Raft.Fsm.Sample.CommandLine;
using Raft.Stores.LiteDb;

namespace Raft.Fsm.Sample.Node;

/// <summary>The stores by the names that the command line uses.</summary>
internal static class StoreNames
{
    public const string Wal = "wal";
    public const string LiteDb = "litedb";
    public const string Memory = "memory";

    /// <summary>What a Go node keeps its data in; nothing here runs on it.</summary>
    public const string Go = "go";

    /// <summary>What the help says of <c>--store</c>.</summary>
    public const string Help = "wal, litedb or memory";

    /// <summary>Why LiteDB is not to be had.</summary>
    public const string LiteDbAbsentText =
        "this build has no LiteDB, since its package sources had no package LiteDB 5.0.21; build it where they have, or use "
        + "another store";

    /// <summary>Reads <c>--store</c>.</summary>
    /// <exception cref="UsageException">There is no such store, or this build does not have it.</exception>
    public static string Read(ParsedOptions given)
    {
        string store = given.Choice("store", Wal, LiteDb, Memory);
        return store == LiteDb && !LiteDbStore.IsAvailable ? throw given.Wrong($"--store litedb: {LiteDbAbsentText}") : store;
    }
}
