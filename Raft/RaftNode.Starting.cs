using Raft.Fsm;
using Raft.Loop;
using Raft.Observability;
using Raft.Snapshots;
using Raft.Storage;
using Raft.Timing;

namespace Raft;

/// <content>How a node comes to life. These methods only start a task on the node's scheduler and return its future.</content>
public sealed partial class RaftNode
{
    /// <summary>
    /// Founds a cluster on a server that is not running: writes term 1 and the configuration as the first entry.
    /// </summary>
    /// <param name="config">The server's settings.</param>
    /// <param name="logStore">Its log, open and empty.</param>
    /// <param name="stableStore">Its term and vote, open and empty.</param>
    /// <param name="snapshotStore">Its snapshots, of which there is none.</param>
    /// <param name="configuration">The founders.</param>
    /// <returns>Completes when the configuration is durable.</returns>
    /// <exception cref="CannotBootstrapException">The stores hold something already.</exception>
    /// <exception cref="ArgumentException">A setting is wrong, or no cluster can run on the configuration.</exception>
    public static Task BootstrapClusterAsync(
        RaftConfig config, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore,
        ClusterConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(snapshotStore);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(configuration);
        config.Validate();
        configuration.Validate();
        return OneTask.Run(
            RaftRuntime.Production().LoopScheduler, () => BootstrapAsync(logStore, stableStore, snapshotStore, configuration));
    }

    /// <summary>
    /// Lets a server that lost its disk take part again under the id that it had, in this order: its old process has ended
    /// for good and its disk is gone; it is removed, and that is committed; this is called on its empty stores; it is
    /// started; it is added, as a nonvoter first.
    /// </summary>
    /// <remarks>
    /// An id that has voted has made promises: votes that were given, entries that count as stored. A blank server under the
    /// same id knows none of them, and would break them. With its removal committed, what was promised before that entry's
    /// term binds nobody any more; so the server begins in that term, without a vote left in it, and neither campaigns nor
    /// votes for a log that lacks the entry. One removal serves one lost disk: a server that was removed while it still ran,
    /// or that loses its disk again, is removed once more, which works for one that is no member too. Under an id that was never used, none of this is needed.
    /// </remarks>
    /// <param name="config">The server's settings.</param>
    /// <param name="logStore">Its log, open and empty.</param>
    /// <param name="stableStore">Its term and vote, open and empty.</param>
    /// <param name="snapshotStore">Its snapshots, of which there is none.</param>
    /// <param name="removalIndex">The index that <see cref="RemoveServerAsync"/> returned on the leader.</param>
    /// <param name="removalTerm">The term that it returned.</param>
    /// <returns>Completes when that is durable. Interrupted, it can be called again.</returns>
    /// <exception cref="CannotRejoinException">The stores hold something already, or rejoined by a later removal.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The index or the term is 0.</exception>
    public static Task RejoinClusterAsync(
        RaftConfig config, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore, ulong removalIndex,
        ulong removalTerm)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(snapshotStore);
        ArgumentOutOfRangeException.ThrowIfZero(removalIndex);
        ArgumentOutOfRangeException.ThrowIfZero(removalTerm);
        config.Validate();
        return OneTask.Run(RaftRuntime.Production().LoopScheduler, () => RejoinAsync(
            config.LocalId, logStore, stableStore, snapshotStore, new RejoinPoint(removalIndex, removalTerm)));
    }

    /// <summary>Whether the stores hold anything of a cluster: a term, a vote or entries.</summary>
    /// <param name="logStore">A server's log, open.</param>
    /// <param name="stableStore">Its term and vote, open.</param>
    /// <param name="snapshotStore">Its snapshots.</param>
    /// <returns>False for a server that never took part in a cluster, an interrupted bootstrap included.</returns>
    public static Task<bool> HasExistingStateAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore)
    {
        ArgumentNullException.ThrowIfNull(snapshotStore);
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        return OneTask.Run(RaftRuntime.Production().LoopScheduler, () => HasStateAsync(logStore, stableStore, snapshotStore));
    }

    internal static Task<RaftNode> StartAsync(
        RaftConfig config, IFsm fsm, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore,
        ITransport transport, RaftRuntime runtime)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(fsm);
        ArgumentNullException.ThrowIfNull(logStore);
        ArgumentNullException.ThrowIfNull(stableStore);
        ArgumentNullException.ThrowIfNull(snapshotStore);
        ArgumentNullException.ThrowIfNull(transport);
        config.Validate();
        return OneTask.Run(runtime.LoopScheduler, async () =>
        {
            RaftMeter? meter = null;
            try
            {
                RefuseOtherId(config, transport);
                var clock = new NodeClock(config.TimeProvider);
                meter = runtime.IsMetered
                    ? RaftMeter.Create(config.MeterFactory, config.LocalId, transport.LocalAddress, clock)
                    : new RaftMeter(meter: null, clock);
                IReadOnlyList<SnapshotMeta> kept = await snapshotStore.ListAsync();
                bool isThere = config.NoSnapshotRestoreOnStart && fsm is not IDurableFsm && kept.Count > 0
                    && kept[0].Id == await OwnSnapshot.LoadAsync(stableStore);
                AppliedPoint held = fsm is IDurableFsm durable
                    ? await OneTask.Run(runtime.FsmScheduler, () => Task.FromResult(durable.Applied)) : default;
                SnapshotMeta? restored = isThere ? kept[0]
                    : await NewestSnapshot.RestoreAsync(
                        config, kept, fsm, held, snapshotStore, runtime.FsmScheduler, runtime.UserScheduler,
                        new RestoreWatch(config.LocalId, clock, meter.Fsm.Restore, config.LoggerFactory.CreateLogger("Raft")));
                RecoveredLog recovered = await RecoveredLog.ReadAsync(
                    logStore, stableStore, restored, kept, held, runtime.Mutation);
                await recovered.FinishAsync(logStore, stableStore);
                recovered = await FinishRejoinAsync(recovered, config.LocalId, stableStore);
                var restores = new RestoreTracker(logStore);
                await restores.SkipAsync((recovered.Snapshot?.Index ?? 0) + 1, recovered.Applied.Index);
                var core = new NodeCore(config, fsm, restores, logStore, stableStore, snapshotStore, transport, recovered, runtime,
                    meter);
                core.Start();
                return new RaftNode(core, config);
            }
            catch
            {
                meter?.Dispose();
                await transport.DisposeAsync();
                throw;
            }
        });
    }

    internal static async Task<bool> BootstrapAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore, ClusterConfiguration configuration)
    {
        if (await HasStateAsync(logStore, stableStore, snapshotStore) || await RejoinPoint.LoadAsync(stableStore) != default)
        {
            throw new CannotBootstrapException(
                "The stores hold a term, a vote or entries already, or were to rejoin a cluster. Only the first start of a new cluster is bootstrapped.");
        }

        // The term first: an entry is never of a later term than the record says. Interrupted in between, the stores
        // still count as blank, and bootstrap can be repeated.
        await stableStore.SaveAsync(new TermAndVote(1));
        LogBatch batch = LogBatchBuilder.Single(
            index: 1, term: 1, LogType.Configuration, ConfigurationEncoding.Encode(configuration), LogTimestamp.Zero);
        await logStore.AppendAsync(new LogAppend([new LogSlice(batch)], CurrentTerm: 1, CommitIndex: 0));
        return true;
    }

    internal static async Task<bool> RejoinAsync(
        ServerId id, ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore, RejoinPoint point)
    {
        if (await HasStateAsync(logStore, stableStore, snapshotStore))
        {
            throw new CannotRejoinException(
                "The stores hold a term, a vote or entries already: this server lost no disk, or has rejoined.");
        }

        if ((await RejoinPoint.LoadAsync(stableStore)).IsAbove(point))
        {
            throw CannotRejoinException.Older();
        }

        // The point first: interrupted in between, the stores still count as blank, and this can be repeated.
        await point.SaveAsync(stableStore);
        await stableStore.SaveAsync(new TermAndVote(point.Term, id));
        return true;
    }

    /// <summary>A rejoin that was interrupted between its two writes holds all the same.</summary>
    private static async Task<RecoveredLog> FinishRejoinAsync(RecoveredLog recovered, ServerId id, IStableStore stableStore)
    {
        if (recovered.Record.Term >= recovered.Rejoin.Term)
        {
            return recovered;
        }

        var record = new TermAndVote(recovered.Rejoin.Term, id);
        await stableStore.SaveAsync(record);
        return recovered with { Record = record };
    }

    internal static async Task<bool> HasStateAsync(
        ILogStore logStore, IStableStore stableStore, ISnapshotStore snapshotStore)
    {
        TermAndVote? record = await stableStore.LoadAsync();
        return logStore.LastIndex > 0 || (record is not null && (record.Term > 1 || record.HasVoted))
            || (await snapshotStore.ListAsync()).Count > 0;
    }

    private static void RefuseOtherId(RaftConfig config, ITransport transport)
    {
        if (config.ProtocolVersion < 3 && config.LocalId.Value != transport.LocalAddress.Value)
        {
            throw new ArgumentException(
                $"The settings cannot be used: in protocol version {config.ProtocolVersion} a server's id is its address, but "
                + $"{nameof(config.LocalId)} is {config.LocalId} and the transport's address {transport.LocalAddress}.");
        }
    }
}
