using Raft.Fsm;
using Raft.Roles;
using Raft.Rpc;

namespace Raft.Routing;

/// <summary>Answers what other servers ask of their leader, as long as this one leads. Called by any task.</summary>
internal sealed class LeaderDesk(RpcHeader header, LoopInbox inbox, RaftLimits limits, RequestGate questions)
{
    /// <summary>Takes a question; answers it from wherever the answer is found.</summary>
    public void Receive(IncomingRpc rpc, AskRequest request)
    {
        try
        {
            switch ((AskKind)request.Kind)
            {
                case AskKind.ReadIndex:
                    FindReadIndex(rpc, request);
                    break;
                case AskKind.Append:
                    Append(rpc, request);
                    break;
                default:
                    rpc.Respond(null, $"questions of kind {request.Kind} are not known");
                    break;
            }
        }
        catch (FormatException wrong)
        {
            rpc.Respond(null, $"the question cannot be read: {wrong.Message}");
        }
    }

    private void FindReadIndex(IncomingRpc rpc, AskRequest request)
    {
        bool mayUseLease = LeaderMessages.ReadReadIndex(request.Data.Span);
        if (!questions.TryEnter())
        {
            Respond(rpc, LeaderAnswer.Of(new EnqueueTimeoutException("too many questions wait there already")));
            return;
        }

        bool isTaken = inbox.TryAdd(new ReadIndexRequest(
            request.Header.Id, mayUseLease,
            index =>
            {
                questions.Leave();
                Respond(rpc, LeaderAnswer.Done(index));
            },
            why =>
            {
                questions.Leave();
                Respond(rpc, LeaderAnswer.Of(why));
            }));
        if (!isTaken)
        {
            questions.Leave();
            Respond(rpc, LeaderAnswer.Of(new RaftShutdownException("it was stopped")));
        }
    }

    private void Append(IncomingRpc rpc, AskRequest request)
    {
        List<(ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Extensions)> commands =
            LeaderMessages.ReadAppend(request.Data, out TimeSpan patience);
        var group = new GuestGroup(commands.Count, answers => Respond(rpc, answers));
        for (int i = 0; i < commands.Count; i++)
        {
            (ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions) = commands[i];
            if ((long)data.Length + extensions.Length > limits.EntryBytesMax)
            {
                group.Set(i, LeaderAnswer.Of(new EntryTooLargeException($"an entry takes at most {limits.EntryBytesMax} bytes")));
                continue;
            }

            var command = new GuestCommand(data, extensions, request.Header.Id, group, i);
            switch (inbox.Applies.Add(command, patience))
            {
                case ApplyQueue.Entry.Full:
                    group.Set(i, LeaderAnswer.Of(new EnqueueTimeoutException("its apply queue is full")));
                    break;
                case ApplyQueue.Entry.Closed:
                    group.Set(i, LeaderAnswer.Of(new RaftShutdownException("it was stopped")));
                    break;
                default:
                    break;
            }
        }

        inbox.Wake.Set();
    }

    private void Respond(IncomingRpc rpc, params LeaderAnswer[] answers) =>
        rpc.Respond(new AskResponse(header) { Data = LeaderMessages.Answers(answers) });
}
