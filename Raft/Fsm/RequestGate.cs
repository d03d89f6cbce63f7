namespace Raft.Fsm;

/// <summary>Bounds how many questions of callers (reads, verifications, inspections) a node holds at once. Any task may use it.</summary>
/// <param name="countMax">The most.</param>
internal sealed class RequestGate(int countMax)
{
    private int _count;

    /// <summary>Lets one more in, if there is room.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= countMax)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>One that was let in was answered.</summary>
    public void Leave() => Interlocked.Decrement(ref _count);
}
