using System.Runtime.InteropServices;

namespace Raft;

/// <summary>A configuration, and where it comes from.</summary>
/// <param name="Configuration">The members; empty where no cluster is known.</param>
/// <param name="Index">
/// The index of the entry that holds them, as <c>previousIndex</c> of a change means it; 0 where there is none.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IndexedConfiguration(ClusterConfiguration Configuration, ulong Index);
