namespace Raft.Snapshots;

/// <summary>
/// Where those who take and receive snapshots report. Called from any scheduler; each call posts an event, unless the
/// node was stopped.
/// </summary>
internal interface ISnapshotEvents
{
    /// <summary>A snapshot of the own state machine is durable.</summary>
    bool TryPost(TakenSnapshot taken);

    /// <summary>A leader's snapshot is durable, or could not be received.</summary>
    bool TryPost(ReceivedSnapshot received);
}
