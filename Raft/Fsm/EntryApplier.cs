using System.Runtime.InteropServices;
using Raft.Membership;
using Raft.Observability;

namespace Raft.Fsm;

/// <summary>
/// Gives entries to the state machine, one by one or in batches where it takes them, and sets its answers as the outcomes
/// of those who wait. Owned by the state machine's task.
/// </summary>
internal sealed class EntryApplier(IFsm fsm, int batchCountMax, SentCommands sent, FsmMeter meter, IRaftTrace? trace)
{
    private readonly IBatchingFsm? _batching = fsm as IBatchingFsm;
    private readonly IConfigurationStore? _configurations = fsm as IConfigurationStore;
    private readonly List<LogEntry> _batch = [];
    private object?[] _responses = [];

    /// <summary>Applies entries.</summary>
    /// <param name="apply">The entries; those who wait for what was applied are due, also where the state machine throws.</param>
    public void Apply(FsmApply apply)
    {
        for (int i = 0; i < apply.Slice.Count; i++)
        {
            LogEntry entry = apply.Slice[i];
            if (_batching is not null && IsBatched(entry.Type))
            {
                _batch.Add(entry);
                if (_batch.Count == batchCountMax)
                {
                    ApplyBatch(apply, i + 1);
                }

                continue;
            }

            ApplyBatch(apply, i);
            object? response = entry.Type == LogType.Command ? Apply(entry) : null;
            if (_configurations is not null && ConfigurationEntry.Holds(entry.Type))
            {
                TimeSpan? began = meter.StoreConfig.Begin();
                _configurations.StoreConfiguration(
                    entry.Index, ConfigurationEntry.Decode(entry.Type, entry.Data.Span));
                meter.StoreConfig.End(began);
            }

            trace?.Apply(entry);
            sent.Applied(entry, response);
            apply.Applied(i, response);
        }

        ApplyBatch(apply, apply.Slice.Count);
    }

    private bool IsBatched(LogType type) =>
        type == LogType.Command || (type == LogType.Configuration && _configurations is null);

    private object? Apply(LogEntry entry)
    {
        TimeSpan? began = meter.Apply.Begin();
        object? response = fsm.Apply(entry);
        meter.Apply.End(began);
        return response;
    }

    /// <summary>Applies what was gathered: the entries right before a position.</summary>
    private void ApplyBatch(FsmApply apply, int end)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        if (_responses.Length < _batch.Count)
        {
            _responses = new object?[Math.Max(_batch.Count, Math.Min(batchCountMax, _responses.Length * 2))];
        }

        Span<object?> responses = _responses.AsSpan(0, _batch.Count);
        TimeSpan? began = meter.ApplyBatch.Begin();
        _batching!.ApplyBatch(CollectionsMarshal.AsSpan(_batch), responses);
        meter.ApplyBatch.End(began);
        meter.ApplyBatchNum?.Record(_batch.Count);
        for (int i = 0; i < responses.Length; i++)
        {
            trace?.Apply(_batch[i]);
            sent.Applied(_batch[i], responses[i]);
            apply.Applied(end - _batch.Count + i, responses[i]);
        }

        responses.Clear();
        _batch.Clear();
    }
}
