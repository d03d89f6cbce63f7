using Microsoft.Extensions.Logging;

namespace Raft.Observability;

/// <summary>
/// Every line the node logs, each with its id: 100 life, 200 roles, 300 elections, 400 replication, 500 log, 600 disk.
/// Information for roles and membership, Debug for one RPC, Warning and above for what an operator should see.
/// </summary>
internal static partial class LogMessages
{
    [LoggerMessage(100, LogLevel.Information, "{Node} started: term {Term}, last entry {LastIndex} of term {LastTerm}, committed {CommitIndex}, applied {AppliedIndex}, configuration {Configuration}")]
    public static partial void NodeStarted(
        this ILogger logger, ServerId node, ulong term, ulong lastIndex, ulong lastTerm, ulong commitIndex, ulong appliedIndex,
        ClusterConfiguration configuration);

    [LoggerMessage(101, LogLevel.Information, "{Node} stopped")]
    public static partial void NodeStopped(this ILogger logger, ServerId node);

    [LoggerMessage(102, LogLevel.Critical, "{Node} had to stop: {Reason}")]
    public static partial void NodeFailed(this ILogger logger, ServerId node, string reason, Exception exception);

    [LoggerMessage(103, LogLevel.Information, "{Node} bootstrapped the cluster {Configuration}")]
    public static partial void Bootstrapped(this ILogger logger, ServerId node, ClusterConfiguration configuration);

    [LoggerMessage(104, LogLevel.Information, "{Node} rejoins behind its removal by entry {Index} of term {Term}: until its log has that entry, it does not campaign, nor vote for logs without it")]
    public static partial void Rejoining(this ILogger logger, ServerId node, ulong index, ulong term);

    [LoggerMessage(200, LogLevel.Information, "{Node} follows in term {Term}: {Reason}")]
    public static partial void BecameFollower(this ILogger logger, ServerId node, ulong term, string reason);

    [LoggerMessage(201, LogLevel.Information, "{Node} campaigns for term {Term}")]
    public static partial void BecameCandidate(this ILogger logger, ServerId node, ulong term);

    [LoggerMessage(202, LogLevel.Information, "{Node} leads term {Term} from entry {FirstIndex} on")]
    public static partial void BecameLeader(this ILogger logger, ServerId node, ulong term, ulong firstIndex);

    [LoggerMessage(203, LogLevel.Information, "{Node} knows leader {Leader} of term {Term}")]
    public static partial void LeaderFound(this ILogger logger, ServerId node, ServerId leader, ulong term);

    [LoggerMessage(300, LogLevel.Debug, "{Node} was asked by {Candidate} for its vote in term {Term}: {Decision}")]
    public static partial void VoteDecided(this ILogger logger, ServerId node, ServerId candidate, ulong term, Enum decision);

    [LoggerMessage(301, LogLevel.Debug, "{Node} was asked by {Candidate} whether it would vote for it in term {Term}: {Decision}")]
    public static partial void PreVoteDecided(this ILogger logger, ServerId node, ServerId candidate, ulong term, Enum decision);

    [LoggerMessage(302, LogLevel.Debug, "{Node} got no answer from {Voter} to its request for a vote: {Reason}")]
    public static partial void VoteRequestFailed(this ILogger logger, ServerId node, ServerId voter, string reason);

    [LoggerMessage(303, LogLevel.Information, "{Node} does not campaign: {Reason}")]
    public static partial void NoCampaign(this ILogger logger, ServerId node, string reason);

    [LoggerMessage(400, LogLevel.Warning, "{Node} cannot send heartbeats to {Follower}: {Reason}")]
    public static partial void HeartbeatFailed(this ILogger logger, ServerId node, Server follower, string reason);

    [LoggerMessage(401, LogLevel.Information, "{Node} sends heartbeats to {Follower} again after {Failures} failures")]
    public static partial void HeartbeatResumed(this ILogger logger, ServerId node, Server follower, int failures);

    [LoggerMessage(402, LogLevel.Warning, "{Node} cannot replicate to {Follower}: {Reason}")]
    public static partial void ReplicationFailed(this ILogger logger, ServerId node, Server follower, string reason);

    [LoggerMessage(403, LogLevel.Error, "{Node} finds that {Follower} lost entries it had acknowledged: its log ends at {LastIndex}. Was its data deleted? Remove it and add it again")]
    public static partial void FollowerLostEntries(this ILogger logger, ServerId node, Server follower, ulong lastIndex);

    [LoggerMessage(404, LogLevel.Debug, "{Node} does not serve {Request} of {Sender}")]
    public static partial void RequestNotServed(this ILogger logger, ServerId node, string request, ServerId sender);

    [LoggerMessage(500, LogLevel.Information, "{Node} drops its entries {FromIndex} to {LastIndex}, which leader {Leader} does not have")]
    public static partial void LogTruncated(this ILogger logger, ServerId node, ulong fromIndex, ulong lastIndex, ServerId leader);

    [LoggerMessage(501, LogLevel.Error, "{Node} refuses entries of {Leader}: entry {Index} of term {Term} cannot follow there")]
    public static partial void UnsoundEntries(this ILogger logger, ServerId node, ServerId leader, ulong index, ulong term);

    [LoggerMessage(502, LogLevel.Error, "{Node} refuses a second leader of term {Term}: {Sender} beside {Leader}")]
    public static partial void SecondLeader(this ILogger logger, ServerId node, ulong term, ServerId sender, ServerId leader);

    [LoggerMessage(304, LogLevel.Warning, "{Node} does not campaign as {Sender} tells it to: its leader is {Leader}")]
    public static partial void CampaignNotForced(this ILogger logger, ServerId node, ServerId sender, ServerId leader);

    [LoggerMessage(405, LogLevel.Information, "{Node} sends {Follower} the snapshot {Snapshot} of {Size} bytes, in place of entries that are let go of")]
    public static partial void SendingSnapshot(this ILogger logger, ServerId node, Server follower, string snapshot, long size);

    [LoggerMessage(406, LogLevel.Information, "{Follower} has the snapshot up to entry {Index}")]
    public static partial void SnapshotSent(this ILogger logger, Server follower, ulong index);

    [LoggerMessage(407, LogLevel.Warning, "{Node} cannot bring {Follower} up to date: {Reason}")]
    public static partial void SnapshotNotSent(this ILogger logger, ServerId node, Server follower, string reason);

    [LoggerMessage(503, LogLevel.Error, "{Node} refuses entries of {Leader} in term {Term}: they contradict entry {Index}, and all to {CommitIndex} are committed here. One of the two has lost data, or is no server of this cluster")]
    public static partial void CommittedContradicted(
        this ILogger logger, ServerId node, ServerId leader, ulong term, ulong index, ulong commitIndex);

    [LoggerMessage(504, LogLevel.Information, "{Node} receives a snapshot from {Leader}: up to entry {Index} of term {Term}, {Size} bytes; its own log ends at {LastIndex}")]
    public static partial void ReceivingSnapshot(
        this ILogger logger, ServerId node, ServerId leader, ulong index, ulong term, long size, ulong lastIndex);

    [LoggerMessage(505, LogLevel.Warning, "{Node} did not receive the snapshot of {Leader} up to entry {Index}: {Reason}")]
    public static partial void SnapshotNotReceived(
        this ILogger logger, ServerId node, ServerId leader, ulong index, string reason);

    [LoggerMessage(506, LogLevel.Information, "{Node} installs a snapshot up to entry {Index} of term {Term}; its log held {FirstIndex} to {LastIndex}")]
    public static partial void InstallingSnapshot(
        this ILogger logger, ServerId node, ulong index, ulong term, ulong firstIndex, ulong lastIndex);

    [LoggerMessage(507, LogLevel.Information, "{Node} took snapshot {Snapshot} of {Size} bytes in {Elapsed}")]
    public static partial void SnapshotTaken(
        this ILogger logger, ServerId node, string snapshot, long size, TimeSpan elapsed);

    [LoggerMessage(508, LogLevel.Warning, "{Node} could not take a snapshot: {Reason}")]
    public static partial void SnapshotNotTaken(this ILogger logger, ServerId node, string reason, Exception cause);

    [LoggerMessage(509, LogLevel.Debug, "{Node} lets go of its entries {FirstIndex} to {ThroughIndex}, which a snapshot covers")]
    public static partial void LogCompacted(this ILogger logger, ServerId node, ulong firstIndex, ulong throughIndex);

    [LoggerMessage(510, LogLevel.Warning, "{Node} cannot use its snapshot {Snapshot} and tries an older one: {Reason}")]
    public static partial void SnapshotPassedOver(this ILogger logger, ServerId node, string snapshot, string reason);

    [LoggerMessage(204, LogLevel.Information, "{Node} appends a configuration at {Index}: {Change}; the members are {Configuration}")]
    public static partial void MembersChanged(
        this ILogger logger, ServerId node, ulong index, object change, ClusterConfiguration configuration);

    [LoggerMessage(205, LogLevel.Information, "{Node} hands its leadership of term {Term} over to {Target}")]
    public static partial void HandingOver(this ILogger logger, ServerId node, ulong term, ServerId target);

    [LoggerMessage(206, LogLevel.Warning, "{Node} could not hand its leadership over to {Target}: {Reason}")]
    public static partial void NotHandedOver(this ILogger logger, ServerId node, ServerId target, string reason);

    [LoggerMessage(207, LogLevel.Information, "{Node} goes by other settings: {Settings}")]
    public static partial void ConfigReloaded(this ILogger logger, ServerId node, ReloadableConfig settings);

    [LoggerMessage(208, LogLevel.Warning, "{Node}: an observer's filter or channel failed, so the observation was dropped: {Reason}")]
    public static partial void ObserverFailed(this ILogger logger, ServerId node, string reason, Exception failure);

    [LoggerMessage(209, LogLevel.Information, "{Node} brings {Server} to its vote: it gets it once it keeps up")]
    public static partial void Promoting(this ILogger logger, ServerId node, Server server);

    [LoggerMessage(210, LogLevel.Warning, "{Node} removes {Server}, which has not answered for {Silence}")]
    public static partial void RemovingDead(this ILogger logger, ServerId node, Server server, TimeSpan silence);

    [LoggerMessage(211, LogLevel.Warning, "{Node} did not remove {Server}: {Reason}")]
    public static partial void NotRemoved(this ILogger logger, ServerId node, Server server, string reason);

    [LoggerMessage(212, LogLevel.Information, "{Node} gave up leader {Leader} in term {Term}: its connections ended and its port refuses")]
    public static partial void LeaderGone(this ILogger logger, ServerId node, ServerId leader, ulong term);

    [LoggerMessage(700, LogLevel.Warning, "{Node} was recovered: all up to entry {Index} of term {Term} is in one snapshot, and the members are {Configuration}")]
    public static partial void Recovered(
        this ILogger logger, ServerId node, ulong index, ulong term, ClusterConfiguration configuration);

    [LoggerMessage(701, LogLevel.Warning, "{Node} is being recovered: its entries {FirstIndex} to {LastIndex} (of term {LastTerm}) count as committed from now on, which nobody knows them to be")]
    public static partial void EntriesForced(
        this ILogger logger, ServerId node, ulong firstIndex, ulong lastIndex, ulong lastTerm);

    [LoggerMessage(511, LogLevel.Information, "{Node} restores its state machine: {Bytes} bytes in {Elapsed} so far")]
    public static partial void RestoreProgress(this ILogger logger, ServerId node, long bytes, TimeSpan elapsed);

    [LoggerMessage(600, LogLevel.Error, "{Node}: the disk has been busy with one write for {Elapsed}; it neither leads nor campaigns meanwhile")]
    public static partial void DiskStalled(this ILogger logger, ServerId node, TimeSpan elapsed);
}
