namespace Raft.Fsm;

/// <summary>The reads that wait until the state machine has come to an index. Owned by the state machine's task.</summary>
internal sealed class AppliedWaits(CompletionRunner completions)
{
    private readonly PriorityQueue<FsmWait, ulong> _waits = new();

    /// <summary>Tells a reader at once, or once the state machine has come so far.</summary>
    public void Add(FsmWait wait, ulong appliedIndex)
    {
        _waits.Enqueue(wait, wait.Index);
        Release(appliedIndex);
    }

    /// <summary>The state machine has come to an index: tells those who waited for it.</summary>
    public void Release(ulong appliedIndex)
    {
        while (_waits.TryPeek(out FsmWait? wait, out ulong index) && index <= appliedIndex)
        {
            _waits.Dequeue();
            completions.Add(wait.Reached(appliedIndex));
        }
    }

    /// <summary>Tells all that the state machine will not come there.</summary>
    public void Fail(Exception why)
    {
        while (_waits.TryDequeue(out FsmWait? wait, out _))
        {
            completions.Add(wait.Failed(why));
        }
    }
}
