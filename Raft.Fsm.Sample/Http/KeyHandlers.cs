using System.Text.Json;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Keys over HTTP: <c>/kv/{key}</c>, and the <c>/set</c> and <c>/get</c> of raft-demo.</summary>
internal sealed class KeyHandlers(KvNode node, LeaderGate gate)
{
    /// <summary>Serves a path below <see cref="KeyTarget.Prefix"/>.</summary>
    public Task<Answer> HandleAsync(ApiRequest request)
    {
        RequireKnownRead(request);
        return request.Method switch
        {
            "GET" => GetAsync(request),
            "PUT" => PutAsync(request),
            "DELETE" => DeleteAsync(request),
            "POST" => SwapAsync(request),
            string method => throw ApiException.BadMethod(method, "GET, PUT, DELETE, POST"),
        };
    }

    /// <summary><c>GET /set?key=K&amp;value=V</c>.</summary>
    public async Task<Answer> DemoSetAsync(ApiRequest request)
    {
        try
        {
            string key = DemoKey(request);
            byte[] value = System.Text.Encoding.UTF8.GetBytes(request.Target.Parameter("value") ?? string.Empty);
            Answer answer = await gate.RunAsync(request, Write(
                request, new KvCommand(KvOperation.Set, key) { Value = value }, static _ => Answer.OfText(200, "ok")));
            return answer;
        }
        catch (Exception failure) when (ErrorAnswer.From(failure) is not null)
        {
            return DemoError(ErrorAnswer.From(failure)!);
        }
    }

    /// <summary><c>GET /get?key=K</c>.</summary>
    public async Task<Answer> DemoGetAsync(ApiRequest request)
    {
        try
        {
            RequireKnownRead(request);
            string key = DemoKey(request);
            return await gate.RunAsync(request, Read(key, static (value, index) =>
                new Answer(200, "text/plain; charset=utf-8", value ?? []) { RaftIndex = index.ToString() }));
        }
        catch (Exception failure) when (ErrorAnswer.From(failure) is not null)
        {
            return DemoError(ErrorAnswer.From(failure)!);
        }
    }

    private async Task<Answer> GetAsync(ApiRequest request)
    {
        string key = KeyTarget.Read(request.Target.Path, isPost: false);
        LeaderInfo? leader = await node.Leaders.FindAsync(TimeSpan.Zero);
        if (request.Target.Parameter("read") == "stale")
        {
            (byte[]? value, ulong index) = await node.ReadAsync(key);
            return Value(key, value, index, leader);
        }

        // A lease read promises no more than a linearizable one.
        return await gate.RunAsync(request, Read(key, (value, index) => Value(key, value, index, leader)));
    }

    private static void RequireKnownRead(ApiRequest request)
    {
        if (request.Target.Parameter("read") is not (null or "linearizable" or "lease" or "stale"))
        {
            throw ApiException.BadRequest(
                $"read is '{request.Target.Parameter("read")}'; give linearizable, lease or stale");
        }
    }

    private async Task<Answer> PutAsync(ApiRequest request)
    {
        string key = KeyTarget.Read(request.Target.Path, isPost: false);
        await request.ReadBodyAsync(KvLimits.ValueBytesMax);
        return await gate.RunAsync(
            request, Write(request, new KvCommand(KvOperation.Set, key) { Value = request.Body }, Written));
    }

    private Task<Answer> DeleteAsync(ApiRequest request)
    {
        string key = KeyTarget.Read(request.Target.Path, isPost: false);
        return gate.RunAsync(request, Write(request, new KvCommand(KvOperation.Delete, key), Written));
    }

    private async Task<Answer> SwapAsync(ApiRequest request)
    {
        string key = KeyTarget.Read(request.Target.Path, isPost: true);
        await request.ReadBodyAsync(KvLimits.SwapBodyBytesMax);
        (byte[]? expected, byte[] value) = SwapBody.Read(request.Body);
        var command = new KvCommand(KvOperation.CompareAndSwap, key) { Expected = expected, Value = value };
        return await gate.RunAsync(request, Write(request, command, Written));
    }

    private LeaderOperation Read(string key, Func<byte[]?, ulong, Answer> answer) => new(IsWrite: false, async (_, deadline) =>
    {
        await node.Raft.ReadIndexAsync(deadline);
        (byte[]? value, ulong index) = await node.ReadAsync(key).WaitAsync(deadline);
        return answer(value, index);
    });

    private LeaderOperation Write(ApiRequest request, KvCommand command, Func<KvResult, Answer> answer)
    {
        if (request.Session() is { } session)
        {
            command = command with { Client = session.Client, Request = session.Request };
        }

        ReadOnlyMemory<byte> data = KvCommandEncoding.Encode(command);
        return new LeaderOperation(IsWrite: true, async (left, deadline) =>
        {
            ApplyResult applied = await node.Raft.ApplyAsync(data, left, deadline);
            var result = (KvResult)applied.Response!;
            return result.Outcome switch
            {
                KvOutcome.Applied => answer(result),
                KvOutcome.Superseded => throw ApiException.Superseded(result.Error!),
                _ => throw ApiException.Internal($"the state machine did not take the command: {result.Error}"),
            };
        });
    }

    private static Answer Written(KvResult result) => Answer.OfJson(200, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, result.Index);
        json.WriteNumber("term"u8, result.Term);
        WriteFlag(json, "existed"u8, result.Existed);
        WriteFlag(json, "swapped"u8, result.Swapped);
        json.WriteEndObject();
    });

    private static void WriteFlag(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool? flag)
    {
        if (flag is { } value)
        {
            json.WriteBoolean(name, value);
        }
    }

    private static Answer Value(string key, byte[]? value, ulong index, LeaderInfo? leader) =>
        (value is null
            ? ErrorAnswer.Of(ApiException.NotFound($"there is no key '{key}'"), leader)
            : Answer.OfBytes(value)) with
        {
            RaftIndex = index.ToString(),
        };

    private static string DemoKey(ApiRequest request) =>
        KeyTarget.Check(System.Text.Encoding.UTF8.GetBytes(request.Target.Parameter("key") ?? string.Empty));

    private static Answer DemoError(ApiException error) =>
        Answer.OfText(error.Status, $"error:{error.Message}") with { RetryAfter = error.Status == 503 ? "1" : null };
}
