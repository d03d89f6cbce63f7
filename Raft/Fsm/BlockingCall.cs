namespace Raft.Fsm;

/// <summary>
/// For a state machine that reads or writes its snapshot without awaiting: blocks the task it was given for that, which
/// is never one that the protocol waits for.
/// </summary>
internal static class BlockingCall
{
    /// <summary>Runs a call elsewhere and waits for its end.</summary>
    /// <param name="scheduler">Runs the call, and what follows its awaits; not the caller's own.</param>
    /// <param name="call">The call.</param>
    public static void Run(TaskScheduler scheduler, Func<Task> call)
    {
#pragma warning disable RS0030 // Blocking is the caller's wish, and holds up nobody else.
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler)
            .Unwrap().GetAwaiter().GetResult();
#pragma warning restore RS0030
    }
}
