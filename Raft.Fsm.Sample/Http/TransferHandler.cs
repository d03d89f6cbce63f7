using System.Text.Json;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary><c>POST /raft/transfer</c>: done when the node that was asked knows the new leader.</summary>
internal sealed class TransferHandler(KvNode node, LeaderGate gate)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Serves a request.</summary>
    public async Task<Answer> HandleAsync(ApiRequest request)
    {
        await request.ReadBodyAsync(MemberBody.BytesMax);
        ServerId target = MemberBody.ReadTarget(request.Body);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
        deadline.CancelAfter(node.ApplyTimeout);
        Answer answer = await gate.RunAsync(
            request, new LeaderOperation(IsWrite: true, (_, patience) => TransferAsync(target, patience)));
        if (answer is { ForwardedTo: not null, Status: 200 })
        {
            // The old leader knows the new one; this node is told by that one's first heartbeat.
            (ServerId leader, ulong term) = Read(answer.Body);
            await KnowsAsync(
                () => node.Raft.Leader.Id == leader ? node.Raft.Term >= term : node.Raft.Term > term && !node.Raft.Leader.Id.IsEmpty,
                request, deadline.Token);
        }

        return answer;
    }

    private async Task<Answer> TransferAsync(ServerId target, CancellationToken deadline)
    {
        await RequirePossibleAsync(target, deadline);
        ulong term = node.Raft.Term;
        try
        {
            await node.Raft.TransferLeadershipAsync(target, deadline);
        }
        catch (ArgumentException refused)
        {
            // The members have changed since they were looked at.
            throw ApiException.Conflict(refused.Message);
        }

        while (!IsTakenOver(term, target))
        {
            await Task.Delay(Pause, deadline);
        }

        LeaderInfo? leader = await node.Leaders.FindAsync(LeaderGate.AddressPatience);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            ErrorAnswer.WriteLeader(json, leader);
            json.WriteNumber("term"u8, node.Raft.Term);
            json.WriteEndObject();
        });
    }

    private async Task RequirePossibleAsync(ServerId target, CancellationToken deadline)
    {
        if (target.IsEmpty)
        {
            RaftStatus status = await node.Raft.GetStatusAsync();
            if (!status.Configuration.Servers.Any(s => s.IsVoter && s.Id != status.Id))
            {
                throw ApiException.Conflict($"{status.Id} is the only voter; there is none to hand the leadership to");
            }

            return;
        }

        Server member = await MemberHandlers.RequireMemberAsync(node, target, deadline);
        if (!member.IsVoter)
        {
            throw ApiException.Conflict($"{target} is no voter, so it cannot lead; add it as a voter first");
        }

        if (target == node.Raft.Id)
        {
            throw ApiException.Conflict($"{target} leads already");
        }
    }

    private bool IsTakenOver(ulong before, ServerId target)
    {
        ServerId leader = node.Raft.Leader.Id;
        return node.Raft.Term > before && !leader.IsEmpty && (target.IsEmpty ? leader != node.Raft.Id : leader == target);
    }

    private static async Task KnowsAsync(Func<bool> knows, ApiRequest request, CancellationToken deadline)
    {
        try
        {
            while (!knows())
            {
                await Task.Delay(Pause, deadline);
            }
        }
        catch (OperationCanceledException) when (!request.Aborted.IsCancellationRequested)
        {
            throw ApiException.OutcomeUnknown("the leadership was handed over, but this node has not heard of it yet");
        }
    }

    private static (ServerId Leader, ulong Term) Read(ReadOnlyMemory<byte> body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement leader = document.RootElement.GetProperty("leader");
        return (leader.ValueKind == JsonValueKind.Object ? leader.GetProperty("id").GetString() : null,
            document.RootElement.GetProperty("term").GetUInt64());
    }
}
