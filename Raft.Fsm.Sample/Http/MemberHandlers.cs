using System.Text.Json;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Who belongs to the cluster: <c>/raft/servers…</c>.</summary>
internal sealed class MemberHandlers(KvNode node, LeaderGate gate)
{
    private readonly JoinDesk _joins = new(node);

    /// <summary><c>POST /raft/servers</c>: a known server gets the address, and the suffrage upwards only.</summary>
    public async Task<Answer> AddAsync(ApiRequest request)
    {
        await request.ReadBodyAsync(MemberBody.BytesMax);
        Server server = MemberBody.ReadServer(request.Body);
        return await gate.RunAsync(request, Change((patience, deadline) => server.IsVoter
            ? node.Raft.AddVoterAsync(server.Id, server.Address, timeout: patience, cancellationToken: deadline)
            : node.Raft.AddNonvoterAsync(server.Id, server.Address, timeout: patience, cancellationToken: deadline)));
    }

    /// <summary><c>POST /raft/servers/{id}/join</c>: brings a server to its vote, which the next who asks hears how far it is.</summary>
    public async Task<Answer> JoinAsync(ApiRequest request, string rawId)
    {
        ServerId id = MemberBody.ReadId(rawId);
        await request.ReadBodyAsync(MemberBody.BytesMax);
        var server = new Server(id, MemberBody.ReadAddress(request.Body));
        return await gate.RunAsync(request, new LeaderOperation(IsWrite: true, async (_, deadline) =>
        {
            (ulong? votesSince, CatchUp? progress) = await _joins.AskAsync(server, deadline);
            return votesSince is { } index ? OfIndex(index, term: null) : Answer.OfJson(202, json => Write(json, progress));
        }));
    }

    /// <summary><c>POST /raft/servers/{id}/demote</c>.</summary>
    public Task<Answer> DemoteAsync(ApiRequest request, string rawId)
    {
        ServerId id = MemberBody.ReadId(rawId);
        return gate.RunAsync(request, Change(async (patience, deadline) =>
        {
            await RequireMemberAsync(node, id, deadline);
            return await node.Raft.DemoteVoterAsync(id, timeout: patience, cancellationToken: deadline);
        }));
    }

    /// <summary>
    /// <c>DELETE /raft/servers/{id}</c>: one that is no member is removed by an entry that changes nothing. With <c>?silentMs=N</c> one that
    /// has answered its leader within that time is not.
    /// </summary>
    public Task<Answer> RemoveAsync(ApiRequest request, string rawId)
    {
        ServerId id = MemberBody.ReadId(rawId);
        TimeSpan? silence = MemberBody.ReadSilence(request.Target.Parameter("silentMs"));
        return gate.RunAsync(request, Change(async (patience, deadline) =>
        {
            if (silence is { } least)
            {
                await RequireSilentAsync(id, least);
            }

            return await node.Raft.RemoveServerAsync(id, timeout: patience, cancellationToken: deadline);
        }));
    }

    /// <summary>A member of the cluster that this node leads.</summary>
    /// <exception cref="ApiException">There is none of that name.</exception>
    public static async Task<Server> RequireMemberAsync(KvNode node, ServerId id, CancellationToken deadline)
    {
        RaftStatus status = await node.Raft.GetStatusAsync();
        if (status.Configuration.Find(id) is { } member)
        {
            return member;
        }

        // One that was deposed may not know the newest members.
        await node.Raft.VerifyLeaderAsync(deadline);
        throw ApiException.NotFound($"there is no server {id} in the cluster: {status.Configuration}");
    }

    private async Task RequireSilentAsync(ServerId id, TimeSpan silence)
    {
        RaftStatus status = await node.Raft.GetStatusAsync();
        if (status.State != RaftState.Leader)
        {
            throw new NotLeaderException("It leads no more, and knows nothing of who answers.");
        }

        if (id == status.Id || status.Followers.FirstOrDefault(f => f.Id == id)?.Silence < silence)
        {
            throw ApiException.Conflict(
                $"{id} {(id == status.Id ? "leads" : "may have answered its leader")} within the last {silence.TotalMilliseconds} ms, so that it may run, here or "
                + "elsewhere: stop it first");
        }
    }

    private static LeaderOperation Change(Func<TimeSpan, CancellationToken, Task<ApplyResult>> change) =>
        new(IsWrite: true, async (left, deadline) =>
        {
            try
            {
                // Who waits for its turn gives up before the time is over, and so knows that nothing happened.
                ApplyResult changed = await change(left * 0.75, deadline);
                return OfIndex(changed.Index, changed.Term);
            }
            catch (EnqueueTimeoutException busy)
            {
                throw ApiException.Conflict(busy.Message);
            }
        });

    private static Answer OfIndex(ulong index, ulong? term) => Answer.OfJson(200, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        if (term is { } known)
        {
            json.WriteNumber("term"u8, known);
        }

        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, CatchUp? progress)
    {
        json.WriteStartObject();
        json.WriteString("stage"u8, (progress?.Stage ?? CatchUpStage.Joining).ToString());
        json.WriteNumber("matchIndex"u8, progress?.MatchIndex ?? 0);
        json.WriteNumber("targetIndex"u8, progress?.TargetIndex ?? 0);
        json.WriteNumber("round"u8, progress?.Round ?? 0);
        json.WriteEndObject();
    }
}
