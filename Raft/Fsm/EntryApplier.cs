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
    /// <param name="apply">The entries.</param>
    /// <param name="due">Filled with the futures whose outcome is set, from <paramref name="dueCount"/> on.</param>
    /// <param name="dueCount">How many of them there are.</param>
    public void Apply(FsmApply apply, ICompletion[] due, ref int dueCount)
    {
        for (int i = 0; i < apply.Slice.Count; i++)
        {
            LogEntry entry = apply.Slice[i];
            if (_batching is not null && IsBatched(entry.Type))
            {
                _batch.Add(entry);
                if (_batch.Count == batchCountMax)
                {
                    ApplyBatch(apply, i + 1, due, ref dueCount);
                }

                continue;
            }

            ApplyBatch(apply, i, due, ref dueCount);
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
            if (apply.TakeFuture(i) is { } future)
            {
                due[dueCount++] = future.Applied(response);
            }
        }

        ApplyBatch(apply, apply.Slice.Count, due, ref dueCount);
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
    private void ApplyBatch(FsmApply apply, int end, ICompletion[] due, ref int dueCount)
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
            if (apply.TakeFuture(end - _batch.Count + i) is { } future)
            {
                due[dueCount++] = future.Applied(responses[i]);
            }
        }

        responses.Clear();
        _batch.Clear();
    }
}
