using Raft.Rpc;
using Raft.Timing;

namespace Raft.Loop;

/// <summary>Lets the library, or the application on a scheduler of its own, answer other servers' questions.</summary>
internal sealed class AskServer(
    RpcHeader header, Func<AskRequest, ReadOnlyMemory<byte>>? handler, TaskGroup tasks) : IAskReceiver
{
    /// <summary>Answers what is asked of the library itself. Set before the transport starts.</summary>
    public Action<IncomingRpc, AskRequest>? Library { get; set; }

    public void Receive(IncomingRpc rpc, AskRequest request)
    {
        if (request.Kind != 0)
        {
            Library!(rpc, request);
            return;
        }

        if (handler is null || request.Data.IsEmpty)
        {
            // An empty question only asks whether the server knows questions at all.
            rpc.Respond(new AskResponse(header));
            return;
        }

        tasks.Start("answering a question", () =>
        {
            Answer(rpc, request);
            return Task.CompletedTask;
        });
    }

    private void Answer(IncomingRpc rpc, AskRequest request)
    {
        try
        {
            rpc.Respond(new AskResponse(header) { Data = handler!(request) });
        }
        catch (Exception thrown)
        {
            // The application's own failure is the asker's to hear, and no reason to stop the node.
            rpc.Respond(null, $"the question could not be answered: {thrown.Message}");
        }
    }
}
