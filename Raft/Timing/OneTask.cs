namespace Raft.Timing;

/// <summary>
/// Runs one task on a scheduler and gives its outcome to a caller whose continuation must not run there.
/// </summary>
internal static class OneTask
{
    /// <summary>Starts the task.</summary>
    /// <returns>Its outcome; continuations run asynchronously, off the scheduler.</returns>
    public static Task<T> Run<T>(TaskScheduler scheduler, Func<Task<T>> run)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Task.Factory.StartNew(
            () => ForwardAsync(run, outcome), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
        return outcome.Task;
    }

    private static async Task ForwardAsync<T>(Func<Task<T>> run, TaskCompletionSource<T> outcome)
    {
        try
        {
            outcome.SetResult(await run());
        }
        catch (Exception failure)
        {
            outcome.SetException(failure);
        }
    }
}
