namespace Raft.Observability;

/// <summary>What a leader measures of one follower, whose name is a tag and no part of any instrument's name.</summary>
internal sealed class PeerMeter
{
    /// <summary>The tag that names the follower, as hashicorp/raft calls it.</summary>
    public const string PeerTag = "peer_id";

    private readonly ReplicationMeter _all;
    private readonly KeyValuePair<string, object?> _tag;

    public PeerMeter(ReplicationMeter all, ServerId peer)
    {
        _all = all;
        _tag = new(PeerTag, peer.ToString());
    }

    /// <summary>Entries went out.</summary>
    public void Sent(long entries, long bytes)
    {
        if (entries > 0)
        {
            _all.AppendLogs?.Add(entries, _tag);
            _all.AppendBytes?.Add(bytes, _tag);
        }
    }

    /// <summary>A heartbeat, or a connection for entries or a snapshot, failed.</summary>
    public void Failed() => _all.Failures?.Add(1, _tag);

    /// <summary>An AppendEntries was answered.</summary>
    public void Answered(TimeSpan sentAt) => _all.AppendRpc.End(sentAt, _tag);

    /// <summary>A heartbeat was answered.</summary>
    public void HeartbeatAnswered(TimeSpan sentAt) => _all.Heartbeat.End(sentAt, _tag);

    /// <summary>A snapshot was answered.</summary>
    public void SnapshotAnswered(TimeSpan sentAt) => _all.InstallSnapshot.End(sentAt, _tag);
}
