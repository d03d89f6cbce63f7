using System.Threading.Channels;

namespace Raft.Testing.Contracts;

/// <summary>Keeps the requests that a transport delivers: a test answers them itself, or says once how to.</summary>
internal sealed class TestReceiver : IRpcReceiver
{
    private readonly Lock _gate = new();
    private readonly List<RpcRequest> _received = [];
    private readonly Channel<IncomingRpc> _unanswered = Channel.CreateUnbounded<IncomingRpc>();
    private readonly List<ServerId> _disconnected = [];
    private Func<RpcRequest, RpcResponse>? _answer;

    /// <summary>All requests so far, in order.</summary>
    public IReadOnlyList<RpcRequest> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>The servers whose last connection has ended, in order.</summary>
    public IReadOnlyList<ServerId> Disconnected
    {
        get
        {
            lock (_gate)
            {
                return [.. _disconnected];
            }
        }
    }

    /// <summary>Answers all further requests at once.</summary>
    /// <param name="answer">Gives the answer.</param>
    public void AnswerAll(Func<RpcRequest, RpcResponse> answer) => _answer = answer;

    /// <summary>The next request, for the test to answer.</summary>
    /// <returns>The request.</returns>
    public async Task<IncomingRpc> NextAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _unanswered.Reader.ReadAsync(patience.Token);
    }

    /// <inheritdoc/>
    public void Receive(IncomingRpc rpc)
    {
        lock (_gate)
        {
            _received.Add(rpc.Request);
        }

        if (_answer is { } answer)
        {
            rpc.Respond(answer(rpc.Request));
        }
        else
        {
            _unanswered.Writer.TryWrite(rpc);
        }
    }

    /// <inheritdoc/>
    void IRpcReceiver.Disconnected(ServerId server)
    {
        lock (_gate)
        {
            _disconnected.Add(server);
        }
    }
}
