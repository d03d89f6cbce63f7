namespace Raft;

/// <summary>One request of a <see cref="Session"/>, and what its attempts have told of its outcome. Decides, and does nothing.</summary>
internal sealed class SessionRetry(ReadOnlyMemory<byte> command, ulong number)
{
    private Exception? _last;
    private bool _mayBeApplied;
    private bool _isEnded;
    private bool _isHopeless;

    /// <summary>The command.</summary>
    public ReadOnlyMemory<byte> Command => command;

    /// <summary>The request's number.</summary>
    public ulong Number => number;

    /// <summary>Whether nobody knows if it was applied, and further attempts may tell.</summary>
    public bool IsUnresolved => _mayBeApplied && !_isEnded;

    /// <summary>Whether no further attempt can be of use.</summary>
    public bool IsHopeless => _isHopeless || _isEnded;

    /// <summary>Attempts begin, for the first time or once more.</summary>
    public void Begin() => _isHopeless = false;

    /// <summary>An attempt ended without an answer.</summary>
    public void Failed(Exception failure)
    {
        _last = failure;
        switch (failure)
        {
            case NotLeaderException or EnqueueTimeoutException or LeadershipTransferInProgressException or EntryOvertakenException:
                break;
            case RaftShutdownException or EntryTooLargeException or UnsupportedProtocolException:
                _isHopeless = true;
                break;
            default:
                _mayBeApplied = true;
                break;
        }
    }

    /// <summary>An attempt was answered.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="openedAt">Where the session was opened; raised where it has to be opened anew.</param>
    /// <returns>Whether that is the outcome; if not, and it is not hopeless, the request is to be sent again.</returns>
    public bool Answered(SessionAnswer answer, ref ulong openedAt)
    {
        if (answer.Verdict == SessionVerdict.Unknown)
        {
            // No request of the session is ever applied from here on. If none of this one's attempts was either, it can be
            // sent as one of a new session; if one may have been, it must not.
            openedAt = Math.Max(openedAt, answer.Index);
            _isEnded = _mayBeApplied;
            _last = new RaftException("Its session was expired meanwhile.");
            return false;
        }

        _isEnded = true;
        if (answer.Verdict == SessionVerdict.Superseded)
        {
            _mayBeApplied = true;
            _last = new RaftException("A later request of its session was applied: another client has the same name.");
        }
        else if (answer.Verdict == SessionVerdict.Refused)
        {
            _last = new RaftException(
                "The state machine refused it: another session has the name of its client, or the cluster went back to a state "
                + "from before this session. Open a new one.");
        }

        return answer.IsApplied;
    }

    /// <summary>What the caller hears where there is no answer.</summary>
    public RaftException Outcome(string client) => _mayBeApplied
        ? new SessionOutcomeUnknownException($"Request {number} of {client} may have been applied, and may still be. {Why()}", Last())
        : new SessionNotDoneException($"Request {number} of {client} was not applied, and will not be. {Why()}", Last());

    private string Why() => _last is null ? "It was never sent." : $"The last attempt: {_last.Message}";

    private Exception Last() => _last ?? new TimeoutException("No time was left for an attempt.");
}
