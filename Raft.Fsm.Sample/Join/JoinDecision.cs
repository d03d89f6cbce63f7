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
        { IsVoter: true, IsReady: true } => JoinStep.Done,

        // Also one that votes by its own log, which may be an old one: it may have been removed while it was down, or be known
        // elsewhere, and then nobody speaks to it. Of one that is a voter nothing comes of asking.
        _ => JoinStep.Join,
    };
}
