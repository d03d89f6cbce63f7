namespace Raft;

/// <summary>Something that a node tells its observers (<see cref="Observer"/>).</summary>
public abstract record Observation;

/// <summary>The node took another role.</summary>
/// <param name="State">The role.</param>
public sealed record RaftStateObservation(RaftState State) : Observation;

/// <summary>Another leader is known, or none any more: then both are empty.</summary>
/// <param name="Id">The leader.</param>
/// <param name="Address">Where it is reached.</param>
public sealed record LeaderObservation(ServerId Id, ServerAddress Address) : Observation;

/// <summary>This node, which leads, begins to send to a server, or has removed it.</summary>
/// <param name="Server">The server.</param>
/// <param name="IsRemoved">Whether it was removed.</param>
public sealed record PeerObservation(Server Server, bool IsRemoved) : Observation;

/// <summary>A candidate asks for a vote; told before the request is looked at.</summary>
/// <param name="Request">The request.</param>
public sealed record VoteRequestObservation(RequestVoteRequest Request) : Observation;

/// <summary>A candidate asks whether it would get a vote; told before the request is looked at.</summary>
/// <param name="Request">The request.</param>
public sealed record PreVoteRequestObservation(RequestPreVoteRequest Request) : Observation;

/// <summary>A heartbeat of this node, which leads, was not answered. Told each time.</summary>
/// <param name="PeerId">Whose answer is missing.</param>
/// <param name="LastContact">How long ago it last answered; null for never in this leadership.</param>
public sealed record FailedHeartbeatObservation(ServerId PeerId, TimeSpan? LastContact) : Observation;

/// <summary>A heartbeat was answered again after some were not.</summary>
/// <param name="PeerId">Who answered.</param>
public sealed record ResumedHeartbeatObservation(ServerId PeerId) : Observation;
