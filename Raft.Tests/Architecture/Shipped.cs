using System.Reflection;

namespace Raft.Tests.Architecture;

/// <summary>The assemblies that users get.</summary>
internal static class Shipped
{
    /// <summary>Their names.</summary>
    public static readonly string[] Names =
    [
        "Raft", "Raft.Simulation", "Raft.Stores.Bolt", "Raft.Stores.LiteDb", "Raft.Stores.Wal", "Raft.Testing.Contracts",
        "Raft.Transport.Tcp",
    ];

    /// <summary>Their public types.</summary>
    public static IEnumerable<Type> Types() => Names.SelectMany(name => Assembly.Load(name).GetExportedTypes());
}
