namespace Raft.Simulation.Disk;

/// <summary>A creation, renaming or deletion, as a journal holds it.</summary>
/// <param name="Gone">The name that goes; null for none.</param>
/// <param name="Come">The name that comes; null for none.</param>
/// <param name="Inode">The file under the name that comes.</param>
internal sealed record NameChange(string? Gone, string? Come, SimInode? Inode)
{
    /// <summary>Makes the change.</summary>
    public void ApplyTo(SortedDictionary<string, SimInode> names)
    {
        if (Gone is not null)
        {
            names.Remove(Gone);
        }

        if (Come is not null)
        {
            names[Come] = Inode!;
        }
    }
}
