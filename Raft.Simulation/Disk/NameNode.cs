namespace Raft.Simulation.Disk;

/// <summary>What a name stands for: a file or a directory.</summary>
/// <param name="File">The file; null where it is a directory.</param>
/// <param name="Directory">The directory; null where it is a file.</param>
internal sealed record NameNode<TFile>(TFile? File, NameDirectory<TFile>? Directory)
    where TFile : class;
