namespace Raft.Fsm;

/// <summary>Where the state machine's task reports. Called on that task; posts an event.</summary>
internal interface IFsmEvents
{
    /// <summary>The state machine has taken more.</summary>
    void Applied();
}
