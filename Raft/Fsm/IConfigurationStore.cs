namespace Raft;

/// <summary>A state machine that wants to know the members of its cluster.</summary>
public interface IConfigurationStore : IFsm
{
    /// <summary>
    /// Takes a committed configuration, between the commands before and behind it. An <see cref="IBatchingFsm"/> gets it here
    /// instead of in a batch. A snapshot that is restored brings none: write it into the snapshot if it is part of the state.
    /// </summary>
    /// <param name="index">Where it stands in the log.</param>
    /// <param name="configuration">The configuration.</param>
    void StoreConfiguration(ulong index, ClusterConfiguration configuration);
}
