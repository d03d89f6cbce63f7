using Raft.Fsm;
using Raft.Rpc;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>Carries callers' questions to other servers' applications.</summary>
internal sealed class AskClient(AskProtocol protocol, CompletionRunner completions, TaskGroup tasks)
{
    /// <summary>Asks a server.</summary>
    /// <returns>A future that is completed by the completion task.</returns>
    public RequestFuture<ReadOnlyMemory<byte>> Ask(Server server, ReadOnlyMemory<byte> question)
    {
        var future = new RequestFuture<ReadOnlyMemory<byte>>();
        tasks.Start($"question to {server.Id}", () => AskAsync(server, question, future));
        return future;
    }

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
