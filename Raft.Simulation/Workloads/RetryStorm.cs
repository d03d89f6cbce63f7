namespace Raft.Simulation.Workloads;

/// <summary>
/// How one client's sessions reach the servers, at their worst: each attempt may go out several times at once, to different
/// servers; answers are lost on purpose; and what was sent long ago comes once more.
/// </summary>
internal sealed class RetryStorm(SimulationClient<SessionFsm> client)
{
    private readonly double _copyShare = client.Random.NextDouble();
    private readonly double _lateShare = client.Random.NextDouble() * 0.5;
    private readonly double _lostShare = client.Random.NextDouble() * 0.4;
    private readonly List<ReadOnlyMemory<byte>> _sent = [];

    /// <summary>One attempt of a session.</summary>
    public async Task<SessionAnswer> SendAsync(
        SessionRequest request, ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> envelope = SessionEnvelope.Wrap(request, command.Span);
        bool hasCopies = SendCopies(envelope);
        SimulationOutcome<SessionAnswer> outcome = await client.ApplyAsync<SessionAnswer>(envelope);
        if (outcome.Kind == SimulationOutcomeKind.NotDone && !hasCopies)
        {
            // Nothing of it is on its way: it may not come again, or this would be no truth.
            throw new NotLeaderException($"{outcome.Server} has not appended it.");
        }

        if (outcome.IsDone && outcome.Value.Verdict == SessionVerdict.Unknown && hasCopies)
        {
            // A copy may have been applied before the session was expired: of the attempt as a whole nobody knows.
            throw new TimeoutException("Its session was expired, and it was sent more than once.");
        }

        _sent.Add(envelope);
        SendCopies(envelope);
        return outcome.IsDone && (client.IsStopping || client.Random.NextDouble() >= _lostShare)
            ? outcome.Value
            : throw new TimeoutException("The answer was lost.");
    }

    /// <summary>Sends a command some more times, or not, and maybe an old one.</summary>
    /// <returns>Whether the command was sent.</returns>
    private bool SendCopies(ReadOnlyMemory<byte> envelope)
    {
        bool hasCopies = false;
        while (!client.IsStopping && client.Random.NextDouble() < _copyShare * 0.7)
        {
            client.SendAside(envelope);
            hasCopies = true;
        }

        if (_sent.Count > 0 && client.Random.NextDouble() < _lateShare)
        {
            client.SendAside(_sent[client.Random.Next(_sent.Count)]);
        }

        return hasCopies;
    }
}
