namespace Raft.Timing;

/// <summary>
/// The tasks that belong together, such as those of one leadership: all are started here, on one scheduler, and none is
/// forgotten. An exception out of a task is given to the owner, who stops the node.
/// </summary>
internal sealed class TaskGroup(TaskScheduler scheduler, Action<string, Exception> onFault)
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // One for the group itself, until it is told to stop.
    private int _running = 1;
    private int _isStopping;

    /// <summary>Cancelled when the group is to end; given to everything that may take long.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>How many tasks have not ended.</summary>
    public int Running => Volatile.Read(ref _running) - (Volatile.Read(ref _isStopping) == 0 ? 1 : 0);

    /// <summary>Completes when the group was told to end and is empty.</summary>
    public Task Ended => _empty.Task;

    /// <summary>Starts a task on the group's scheduler.</summary>
    /// <param name="name">What it is, for the message should it fail.</param>
    /// <param name="run">The task. It ends soon after <see cref="Stopping"/>.</param>
    /// <returns>False where the group has ended: the task was not started.</returns>
    public bool Start(string name, Func<Task> run)
    {
        if (!TryEnter())
        {
            return false;
        }

        _ = Task.Factory.StartNew(
            () => GuardAsync(name, run), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
        return true;
    }

    /// <summary>Asks all tasks to end; <see cref="Ended"/> says when they have.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            try
            {
                _stop.Cancel();
            }
            catch (AggregateException fault)
            {
                // A callback of a transport or store failed to end what it waits for.
                onFault("ending tasks", fault);
            }
            finally
            {
                Leave();
            }
        }
    }

    private async Task GuardAsync(string name, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The expected end of what was waiting.
        }
        catch (Exception fault)
        {
            onFault(name, fault);
        }
        finally
        {
            Leave();
        }
    }

    private bool TryEnter()
    {
        int running = Volatile.Read(ref _running);
        while (running > 0)
        {
            int seen = Interlocked.CompareExchange(ref _running, running + 1, running);
            if (seen == running)
            {
                return true;
            }

            running = seen;
        }

        return false;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _empty.TrySetResult();
        }
    }
}
