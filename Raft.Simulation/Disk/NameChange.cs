namespace Raft.Simulation.Disk;

/// <summary>
/// A creation, renaming or deletion in one directory, as a journal holds it. The renaming of a directory is one change
/// in its parent, whatever stands below it.
/// </summary>
/// <param name="Directory">Where it happens.</param>
/// <param name="Gone">The name that goes; null for none.</param>
/// <param name="Come">The name that comes; null for none.</param>
/// <param name="Node">What stands under the name that comes.</param>
internal sealed record NameChange<TFile>(
    NameDirectory<TFile> Directory, string? Gone, string? Come, NameNode<TFile>? Node)
    where TFile : class
{
    /// <summary>Makes the change.</summary>
    public void ApplyTo(SortedDictionary<string, NameNode<TFile>> names)
    {
        if (Gone is not null)
        {
            names.Remove(Gone);
        }

        if (Come is not null)
        {
            names[Come] = Node!;
        }
    }
}
