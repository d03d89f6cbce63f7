using System.Text;

namespace Raft.Fsm.Sample.Node;

/// <summary>
/// Knows where the leader serves clients: asks it once for each leadership, by the library's extension RPC. Any task.
/// </summary>
internal sealed class LeaderDirectory(RaftNode node, string ownHttp)
{
    private static readonly byte[] Question = "http"u8.ToArray();

    // Many requests at once share one question; a lock, since there is no task that could own the answer.
    private readonly Lock _gate = new();
    private (ServerId Id, ServerAddress Address, ulong Term) _asked;
    private Task<Answer>? _answer;

    /// <summary>Answers the question of another node's directory.</summary>
    /// <param name="question">What it asked.</param>
    /// <param name="http">Where this node serves clients.</param>
    public static ReadOnlyMemory<byte> Reply(AskRequest question, string http) =>
        question.Data.Span.SequenceEqual(Question) ? Encoding.UTF8.GetBytes(http) : default;

    /// <summary>The leader.</summary>
    /// <param name="patience">How long to wait for its HTTP address where that is not known yet.</param>
    /// <returns>The leader; null where none is known.</returns>
    public async Task<LeaderInfo?> FindAsync(TimeSpan patience)
    {
        (ServerId id, ServerAddress address) = node.Leader;
        if (id.IsEmpty && address.IsEmpty)
        {
            return null;
        }

        if (id == node.Id)
        {
            return new LeaderInfo(id, address, ownHttp);
        }

        try
        {
            Answer answer = await Ask(id, address).WaitAsync(patience);
            return new LeaderInfo(id, address, answer.Http) { IsForeign = answer.IsForeign };
        }
        catch (TimeoutException)
        {
            return new LeaderInfo(id, address, Http: null);
        }
    }

    /// <summary>The leader's HTTP address did not work: it is asked for again.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _answer = null;
        }
    }

    private Task<Answer> Ask(ServerId id, ServerAddress address)
    {
        (ServerId, ServerAddress, ulong) leadership = (id, address, node.Term);
        lock (_gate)
        {
            if (_answer is null || _asked != leadership || (_answer.IsCompleted && !IsFinal(_answer)))
            {
                _asked = leadership;
                _answer = AskAsync(id, address);
            }

            return _answer;
        }
    }

    private static bool IsFinal(Task<Answer> answer) => answer.IsCompletedSuccessfully && answer.Result.IsFinal;

    private async Task<Answer> AskAsync(ServerId id, ServerAddress address)
    {
        try
        {
            string http = await AskOnceAsync(id, address);
            return new Answer(http.Length > 0 ? http : null, IsForeign: false, IsFinal: true);
        }
        catch (TransportException failure) when (failure.Failure == TransportFailure.Closed)
        {
            return await AskAgainAsync(id, address);
        }
        catch (RaftException)
        {
            return new Answer(Http: null, IsForeign: false, IsFinal: false);
        }
    }

    // A server that ends the connection is of another library, or has just been stopped: the second question tells.
    private async Task<Answer> AskAgainAsync(ServerId id, ServerAddress address)
    {
        try
        {
            return new Answer(await AskOnceAsync(id, address), IsForeign: false, IsFinal: true);
        }
        catch (TransportException failure) when (failure.Failure == TransportFailure.Closed)
        {
            return new Answer(Http: null, IsForeign: true, IsFinal: true);
        }
        catch (RaftException)
        {
            return new Answer(Http: null, IsForeign: false, IsFinal: false);
        }
    }

    private async Task<string> AskOnceAsync(ServerId id, ServerAddress address) =>
        Encoding.UTF8.GetString((await node.AskAsync(id, address, Question)).Span);

    private sealed record Answer(string? Http, bool IsForeign, bool IsFinal);
}
