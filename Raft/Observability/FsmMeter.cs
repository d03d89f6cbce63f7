using System.Diagnostics.Metrics;

namespace Raft.Observability;

/// <summary>What is measured of the state machine.</summary>
/// <param name="make">Makes the instruments.</param>
internal sealed class FsmMeter(Instruments make)
{
    public TimeMeter Enqueue { get; } = make.Time(
        "raft.fsm.enqueue", "Committed entries that are durable here, until they are handed to the state machine's task.");

    public TimeMeter Apply { get; } = make.Time("raft.fsm.apply", "One call of IFsm.Apply.");

    public TimeMeter ApplyBatch { get; } = make.Time("raft.fsm.applyBatch", "One call of IBatchingFsm.ApplyBatch.");

    public Histogram<double>? ApplyBatchNum { get; } = make.Sample(
        "raft.fsm.applyBatchNum", "{entry}", "Entries in one call of IBatchingFsm.ApplyBatch.");

    public TimeMeter StoreConfig { get; } = make.Time(
        "raft.fsm.store_config", "One configuration handed to a state machine that stores configurations.");

    public TimeMeter Snapshot { get; } = make.Time("raft.fsm.snapshot", "One call of IFsm.Snapshot.");

    public TimeMeter Restore { get; } = make.Time(
        "raft.fsm.restore", "One call of IFsm.RestoreAsync, until the bytes are read to their end.",
        make.Gauge(
            "raft.fsm.lastRestoreDuration", Instruments.Milliseconds, "How long the last restore of the state machine took."));
}
