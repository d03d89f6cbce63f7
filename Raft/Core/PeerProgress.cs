namespace Raft.Core;

/// <summary>How a leader sends to a follower.</summary>
internal enum PeerMode
{
    /// <summary>Where the logs part is not known: one request at a time.</summary>
    Probe,

    /// <summary>The logs match: requests go out one behind the other, within the window.</summary>
    Pipeline,

    /// <summary>What it needs is not in the log any more: it is sent a snapshot, and nothing beside.</summary>
    Snapshot,
}

/// <summary>How far one follower's log matches ours, and what is on its way there. Pure; owned by its replicator.</summary>
/// <remarks>Always <c>MatchIndex &lt; NextIndex</c>; what lies between is in flight or still to be proven.</remarks>
internal sealed class PeerProgress
{
    private readonly Queue<InFlight> _inFlight = new();
    private bool _hasMatched;

    /// <summary>Starts right behind the leader's log, as if it matched (§5.3).</summary>
    public PeerProgress(ulong lastIndex) => NextIndex = lastIndex + 1;

    /// <summary>The highest index known to stand in the follower's log, durably.</summary>
    public ulong MatchIndex { get; private set; }

    /// <summary>The next index to send.</summary>
    public ulong NextIndex { get; private set; }

    /// <summary>How requests are sent now.</summary>
    public PeerMode Mode { get; private set; }

    /// <summary>Requests sent and not answered.</summary>
    public int InFlightCount => _inFlight.Count;

    /// <summary>Bytes of entries in them.</summary>
    public long InFlightBytes { get; private set; }

    /// <summary>Notes a request that goes out now.</summary>
    public void Sent(in InFlight request)
    {
        _inFlight.Enqueue(request);
        InFlightBytes += request.Bytes;
        if (Mode == PeerMode.Pipeline)
        {
            NextIndex = request.LastIndex + 1;
        }
    }

    /// <summary>Takes the oldest request in flight, whose answer came.</summary>
    public InFlight Answered()
    {
        InFlight request = _inFlight.Dequeue();
        InFlightBytes -= request.Bytes;
        return request;
    }

    /// <summary>The follower holds everything a request spoke of.</summary>
    public void Matched(in InFlight request)
    {
        _hasMatched = true;
        MatchIndex = Math.Max(MatchIndex, request.LastIndex);
        NextIndex = Math.Max(NextIndex, MatchIndex + 1);
        Mode = PeerMode.Pipeline;
    }

    /// <summary>
    /// The logs differ at the entry before a request's first: go back by one, or at once to where the follower ends, or to where
    /// the logs may match by what it told of its own.
    /// </summary>
    /// <param name="request">The refused request.</param>
    /// <param name="lastLog">The follower's last index.</param>
    /// <param name="mayMatch">
    /// The last entry that may match; the maximum where nothing was told of it. It only makes the way back shorter: whatever it is,
    /// nothing is passed over, and nothing counts as lost.
    /// </param>
    /// <returns>False where the follower lacks entries that it had acknowledged.</returns>
    public bool Mismatched(in InFlight request, ulong lastLog, ulong mayMatch = ulong.MaxValue)
    {
        Mode = PeerMode.Probe;
        // Answers to what went out behind the refused request must not move us forward again.
        ulong next = Math.Max(1, Math.Min(NextIndex, Math.Min(request.PreviousIndex, lastLog + 1)));
        if (next > MatchIndex)
        {
            NextIndex = mayMatch < next - 1 ? Math.Max(mayMatch, MatchIndex) + 1 : next;
            return true;
        }

        MatchIndex = next - 1;
        NextIndex = next;
        _hasMatched = false;
        return false;
    }

    /// <summary>The follower refused without a word about its log: send the same again, one request at a time.</summary>
    public void Resend()
    {
        Mode = PeerMode.Probe;
        NextIndex = _hasMatched ? MatchIndex + 1 : NextIndex;
    }

    /// <summary>A snapshot is on its way in place of entries that are let go of.</summary>
    public void BeginSnapshot() => Mode = PeerMode.Snapshot;

    /// <summary>The follower has a snapshot, durably, and with it everything up to an index.</summary>
    public void Installed(ulong index)
    {
        _hasMatched = true;
        MatchIndex = Math.Max(MatchIndex, index);
        NextIndex = MatchIndex + 1;
        Mode = PeerMode.Probe;
    }

    /// <summary>The connection is gone, or what is in flight is void: start again behind what is known to match.</summary>
    public void Restart()
    {
        _inFlight.Clear();
        InFlightBytes = 0;
        Mode = PeerMode.Probe;
        NextIndex = _hasMatched ? MatchIndex + 1 : NextIndex;
    }
}

/// <summary>One append on its way.</summary>
/// <param name="PreviousIndex">The index before its first entry.</param>
/// <param name="LastIndex">The last index it speaks of.</param>
/// <param name="Bytes">Bytes of its entries.</param>
/// <param name="SentAt">When it was sent.</param>
/// <param name="Round">The newest question of the leader when it was sent.</param>
/// <param name="CommitIndex">The commit index that it tells.</param>
internal readonly record struct InFlight(
    ulong PreviousIndex, ulong LastIndex, int Bytes, TimeSpan SentAt, ulong Round, ulong CommitIndex = 0);
