namespace Raft.Simulation.Disk;

/// <summary>A directory of a <see cref="NameTree{TFile}"/>: its names as processes see them, and those on the platter.</summary>
/// <remarks>It keeps its identity when it is renamed, and so do the changes in it that are not synced yet.</remarks>
internal sealed class NameDirectory<TFile>
    where TFile : class
{
    /// <summary>What processes see, by name.</summary>
    public SortedDictionary<string, NameNode<TFile>> Names { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>What would be there after a power cut, by name.</summary>
    public SortedDictionary<string, NameNode<TFile>> DurableNames { get; } = new(StringComparer.Ordinal);

    /// <summary>The power failed: only what is on the platter is left, here and below.</summary>
    public void CutPower()
    {
        Names = new SortedDictionary<string, NameNode<TFile>>(DurableNames, StringComparer.Ordinal);
        foreach (NameNode<TFile> node in Names.Values)
        {
            node.Directory?.CutPower();
        }
    }
}
