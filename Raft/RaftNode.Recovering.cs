using Raft.Loop;
using Raft.Mutations;
using Raft.Storage;
using Raft.Timing;

namespace Raft;

/// <content>What is done to the stores of a server that does not run.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Makes a server that does not run the beginning of a cluster of other members, where a majority of its cluster is lost
    /// for good. Read docs/recovery.md first: what stood only on lost disks is lost, and two servers recovered from different
    /// logs contradict each other.
    /// </summary>
    /// <remarks>
    /// All that the server has, committed or not, goes into one snapshot, in which the new members stand; its log is gone then,
    /// its term and vote stay. Interrupted anywhere, by a power cut too, the server is as it was or recovered, and this can be
    /// called again, on stores that were opened anew where one of them failed.
    /// </remarks>
    /// <param name="config">The server's settings.</param>
    /// <param name="fsm">
    /// The state machine, empty: it gets the newest snapshot and all commands behind it, by <see cref="IFsm.Apply"/> alone. It
    /// is of no use afterwards: the server is started with a new one. One that keeps its own state (<see cref="IDurableFsm"/>) is
    /// given a place of its own here, which is thrown away: what is forced must not look as if the server had applied it.
    /// </param>
    /// <param name="logStore">Its log, open.</param>
    /// <param name="stableStore">Its term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots.</param>
    /// <param name="configuration">The members from now on, the same for all servers that are recovered; this one among them.</param>
    /// <param name="acceptsUncommitted">
    /// Whether entries may be forced that its stores do not know to be committed. Choose the server with the best log first.
    /// </param>
    /// <returns>What was made of it, once that is durable.</returns>
    /// <exception cref="NothingToRecoverException">
    /// The stores hold no entry and no snapshot, or lost them and did not get them back; nothing was changed.
    /// </exception>
    /// <exception cref="UncommittedEntriesException">Entries would be forced; nothing was changed.</exception>
    /// <exception cref="StoreException">
    /// No snapshot can be restored, or the stores cannot be started on: nothing was changed. The new snapshot could not be made
    /// the newest, as where the clock was set back: the server is as it was, with one more snapshot at most. A write failed: the
    /// server is as it was or recovered, which is seen when the stores are opened again.
    /// </exception>
    /// <exception cref="RaftException">The state machine threw at a command; nothing was changed.</exception>
    /// <exception cref="ArgumentException">
    /// A setting is wrong, no cluster can run on the configuration, this server does not stand in it, or the state machine is not
    /// empty; nothing was changed.
    /// </exception>
    public static Task<RecoveryReport> RecoverClusterAsync(
        RaftConfig config, IFsm fsm, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore,
        ClusterConfiguration configuration, bool acceptsUncommitted = false) =>
        RecoverClusterAsync(
            config, fsm, logStore, stableStore, snapshotStore, configuration, acceptsUncommitted, RaftRuntime.Production());

    internal static Task<RecoveryReport> RecoverClusterAsync(
        RaftConfig config, IFsm fsm, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore,
        ClusterConfiguration configuration, bool acceptsUncommitted, RaftRuntime runtime)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(fsm);
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(snapshotStore);
        ArgumentNullException.ThrowIfNull(configuration);
        config.Validate();
        configuration.Validate();
        if (configuration.Find(config.LocalId) is null)
        {
            throw new ArgumentException(
                $"{config.LocalId} does not stand in {configuration}: recovered so, it could take part in no cluster.",
                nameof(configuration));
        }

        if (fsm is IDurableFsm { Applied.Index: > 0 } used)
        {
            throw new ArgumentException(
                $"The state machine has applied entries up to {used.Applied.Index}. Give an empty one, in a place of its own.", nameof(fsm));
        }

        var recovery = new ClusterRecovery(config, logStore, stableStore, snapshotStore, runtime);
        return OneTask.Run(runtime.LoopScheduler, () => recovery.RunAsync(fsm, configuration, acceptsUncommitted));
    }

    /// <summary>
    /// Reads which configuration a server that does not run would go by if it were started. Changes nothing.
    /// </summary>
    /// <param name="logStore">Its log, open.</param>
    /// <param name="stableStore">Its term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots.</param>
    /// <returns>The configuration of its newest entry that holds one, or of its newest snapshot; empty, of index 0, where there is neither.</returns>
    /// <exception cref="StoreException">What the stores hold cannot be used, for a start neither.</exception>
    public static Task<IndexedConfiguration> ReadConfigurationAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore) =>
        ReadRecoveredAsync(logStore, stableStore, snapshotStore, static recovered => recovered.Configuration);

    /// <summary>
    /// Reads what a server that does not run would begin with if it were started, to compare servers that are left. Changes nothing.
    /// </summary>
    /// <param name="logStore">Its log, open.</param>
    /// <param name="stableStore">Its term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots; that the newest can be restored is not looked at.</param>
    /// <returns>Where its log ends, what it knows to be committed, and who its members are.</returns>
    /// <exception cref="StoreException">What the stores hold cannot be used, for a start neither.</exception>
    public static Task<StoredState> ReadStoredStateAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore) =>
        ReadRecoveredAsync(logStore, stableStore, snapshotStore, static recovered => new StoredState(
            recovered.Record, recovered.LastIndex, recovered.LastTerm, recovered.CommitIndex, recovered.Configuration, recovered.IsLogOver,
            recovered.Rejoin.Index > recovered.LastIndex ? recovered.Rejoin.Index : 0));

    private static Task<T> ReadRecoveredAsync<T>(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore, Func<RecoveredLog, T> tell)
    {
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(snapshotStore);
        return OneTask.Run(RaftRuntime.Production().LoopScheduler, async () =>
        {
            // Whether the newest snapshot can still be read makes no difference: where a start goes back to an older one,
            // the log leads from there to the same configuration.
            IReadOnlyList<SnapshotMeta> kept = await snapshotStore.ListAsync();
            SnapshotMeta? newest = kept.Count == 0 ? null : kept[0];
            return tell(await RecoveredLog.ReadAsync(logStore, stableStore, newest, kept, held: default, Mutation.None));
        });
    }
}
