namespace Raft.Fsm;

/// <summary>The reads that wait until the state machine has come to an index. Owned by the state machine's task.</summary>
internal sealed class AppliedWaits(CompletionRunner completions)
{
    private const int PurgeLeast = 1024;

    private readonly PriorityQueue<FsmWait, ulong> _waits = new();
    private int _purgeAt = PurgeLeast;

    /// <summary>Takes a reader in.</summary>
    public void Add(FsmWait wait)
    {
        if (_waits.Count >= _purgeAt)
        {
            Purge();
        }

        _waits.Enqueue(wait, wait.Index);
    }

    /// <summary>The state machine has come to an index: tells those who waited for it.</summary>
    public void Release(ulong appliedIndex)
    {
        while (_waits.TryPeek(out FsmWait? wait, out ulong index) && index <= appliedIndex)
        {
            _waits.Dequeue();
            if (!wait.IsAbandoned && wait.Reached(appliedIndex) is { } told)
            {
                completions.Add(told);
            }
        }
    }

    /// <summary>Tells all that the state machine will not come there.</summary>
    public void Fail(Exception why)
    {
        while (_waits.TryDequeue(out FsmWait? wait, out _))
        {
            if (!wait.IsAbandoned && wait.Failed(why) is { } told)
            {
                completions.Add(told);
            }
        }
    }

    // Callers that gave up waiting for an entry that does not come leave nothing behind for long.
    private void Purge()
    {
        (FsmWait, ulong)[] kept = [.. _waits.UnorderedItems.Where(static w => !w.Element.IsAbandoned)];
        _waits.Clear();
        _waits.EnqueueRange(kept);
        _purgeAt = Math.Max(PurgeLeast, 2 * kept.Length);
    }
}
