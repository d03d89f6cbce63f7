namespace Raft.Loop;

/// <summary>The end of a node, step by step: a step that fails is noted, and the next is taken all the same.</summary>
/// <param name="failure">Why the node ends, where it had to.</param>
internal sealed class StopSteps(Exception? failure)
{
    /// <summary>Why the node had to end, or else the first step that failed.</summary>
    public Exception? Failure { get; private set; } = failure;

    /// <summary>Notes why another task failed.</summary>
    public void Note(Exception? fault) => Failure ??= fault;

    /// <summary>Takes a step.</summary>
    public void Take(Action step)
    {
        try
        {
            step();
        }
        catch (Exception fault)
        {
            Failure ??= fault;
        }
    }

    /// <summary>Takes a step that waits.</summary>
    public async Task TakeAsync(Func<ValueTask> step)
    {
        try
        {
            await step();
        }
        catch (Exception fault)
        {
            Failure ??= fault;
        }
    }
}
