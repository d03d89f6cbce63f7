namespace Raft;

/// <summary>One attempt to have a request of a <see cref="Session"/> applied: by a node, by one of several, or over whatever leads to them.</summary>
/// <param name="request">Which request it is; for <see cref="SessionEnvelope.Wrap"/>, or a form of the application's own.</param>
/// <param name="command">The command.</param>
/// <param name="cancellationToken">The attempt is given up; its outcome is unknown.</param>
/// <returns>
/// What the state machine answered. An attempt that was delivered more than once, or may have been, must not end with
/// <see cref="SessionVerdict.Unknown"/>, but with an exception: that the session was forgotten when one copy came does not say that
/// none was applied before.
/// </returns>
/// <exception cref="NotLeaderException">
/// The request was appended nowhere in this attempt, and may be sent again; so after <see cref="EnqueueTimeoutException"/> and
/// <see cref="LeadershipTransferInProgressException"/>.
/// </exception>
/// <exception cref="RaftShutdownException">
/// The request was appended nowhere, and further attempts are in vain; so after <see cref="EntryTooLargeException"/> and
/// <see cref="UnsupportedProtocolException"/>.
/// </exception>
/// <exception cref="InvalidOperationException">The program is wrong: it is passed on at once.</exception>
/// <exception cref="Exception">
/// Every other one is taken for: the outcome is unknown. The request is sent again.
/// </exception>
public delegate Task<SessionAnswer> SessionSend(
    SessionRequest request, ReadOnlyMemory<byte> command, CancellationToken cancellationToken);
