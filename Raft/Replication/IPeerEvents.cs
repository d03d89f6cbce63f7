namespace Raft.Replication;

/// <summary>Where replicators and heartbeaters report. Called on the node's loop scheduler; posts an event.</summary>
internal interface IPeerEvents
{
    /// <summary>Posts news from a follower.</summary>
    void Post(in PeerEvent news);
}
