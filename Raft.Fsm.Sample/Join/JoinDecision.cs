namespace Raft.Fsm.Sample.Join;

/// <summary>
/// What comes next on the way into a cluster. Nothing is remembered across restarts: every step is found again from the node's own
/// log, and every step may be done twice. When it gets its vote its leader decides, which alone can see whether it keeps up.
/// </summary>
internal static class JoinDecision
{
    /// <summary>Finds the next step.</summary>
    public static JoinStep Next(JoinSelf self) => self switch
    {
        { IsHeld: true } => JoinStep.Remove,
        { IsVoter: false } => JoinStep.Join,
        { IsReady: true } => JoinStep.Done,

        // Its log may be an old one, by which it votes until it has caught up.
        _ => JoinStep.Wait,
    };
}
