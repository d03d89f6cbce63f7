namespace Raft.Routing;

/// <summary>The answers to commands that came together, given when all are known. Any task may set one.</summary>
/// <param name="count">How many.</param>
/// <param name="respond">Gets all of them, once.</param>
internal sealed class GuestGroup(int count, Action<LeaderAnswer[]> respond)
{
    private readonly LeaderAnswer[] _answers = new LeaderAnswer[count];
    private int _missing = count;

    /// <summary>Sets an answer, each once.</summary>
    public void Set(int position, LeaderAnswer answer)
    {
        _answers[position] = answer;
        if (Interlocked.Decrement(ref _missing) == 0)
        {
            respond(_answers);
        }
    }
}
