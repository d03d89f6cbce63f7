using Raft.Mutations;
using Raft.Stores.Wal;

namespace Raft.Simulation;

/// <summary>A bug to be found, planted in every server of a run: one of the protocol, or one of the store.</summary>
/// <param name="Node">The bug of the protocol.</param>
/// <param name="Store">The bug of the store.</param>
internal sealed record PlantedBug(Mutation Node, WalMutation Store)
{
    /// <summary>No bug.</summary>
    public static PlantedBug None { get; } = new(Mutation.None, WalMutation.None);

    /// <summary>All bugs, each alone.</summary>
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        .. Enum.GetValues<Mutation>().Where(m => m != Mutation.None).Select(m => new PlantedBug(m, WalMutation.None)),
        .. Enum.GetValues<WalMutation>().Where(m => m != WalMutation.None).Select(m => new PlantedBug(Mutation.None, m)),
    ];

    /// <summary>Its name on the command line.</summary>
    public string Name => Store == WalMutation.None ? Node.ToString() : Store.ToString();

    /// <summary>Whether it lies in what only a workload with sessions uses.</summary>
    public bool IsOfSessions => Node == Mutation.SessionsNotInSnapshot;

    /// <summary>Finds a bug by its name.</summary>
    public static PlantedBug? Find(string name) =>
        All.FirstOrDefault(b => string.Equals(b.Name, name, StringComparison.OrdinalIgnoreCase));
}
