using Raft.Fsm;
using Raft.Rpc;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>Carries callers' questions to other servers' applications.</summary>
internal sealed class AskClient(AskProtocol protocol, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Asks a server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="question">The question.</param>
    /// <param name="future">Gets the answer; completed by the completion task.</param>
    /// <returns>False where the node is stopping.</returns>
    public bool TryAsk(Server server, ReadOnlyMemory<byte> question, RequestFuture<ReadOnlyMemory<byte>> future) =>
        !tasks.Stopping.IsCancellationRequested
        && tasks.Start($"question to {server.Id}", () => AskAsync(server, question, future));

    private async Task AskAsync(Server server, ReadOnlyMemory<byte> question, RequestFuture<ReadOnlyMemory<byte>> future)
    {
        try
        {
            future.Succeed(await protocol.AskAsync(server, question, tasks.Stopping));
        }
        catch (Exception failure)
        {
            future.Fail(failure);
        }

        completions.Add(future);
    }
}
