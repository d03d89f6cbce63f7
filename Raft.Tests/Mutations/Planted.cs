using Raft.Mutations;

namespace Raft.Tests.Mutations;

/// <summary>Each test of a planted bug runs twice, with it and without: so it shows what the rule is worth.</summary>
internal static class Planted
{
    public static Mutation If(bool isPlanted, Mutation bug) => isPlanted ? bug : Mutation.None;
}
