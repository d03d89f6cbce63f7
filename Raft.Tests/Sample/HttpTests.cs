using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.Kv;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>The HTTP of the contract, on one node that leads itself.</summary>
public sealed class HttpTests
{
    private SampleServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1", new ClusterConfiguration(new Server("n1", "n1:1")));
        await Eventually.HoldsAsync("n1 leads", () => _server.Raft.State == RaftState.Leader);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    [Reference("b01")]
    public async Task A_value_that_was_put_is_read_back_byte_by_byte()
    {
        byte[] value = [0, 1, 0xff, 0xfe, .. "text"u8];

        Reply put = await _server.SendAsync("PUT", "/kv/bytes", value);
        Reply get = await _server.SendAsync("GET", "/kv/bytes");

        Assert.That(put.Status, Is.EqualTo(200));
        Assert.That(put.Json.GetProperty("index").GetUInt64(), Is.GreaterThan(1));
        Assert.That(put.Json.GetProperty("term").GetUInt64(), Is.GreaterThan(0));
        Assert.That(get.Status, Is.EqualTo(200));
        Assert.That(get.Body, Is.EqualTo(value));
        Assert.That(ulong.Parse(get.Header("Raft-Index")!), Is.GreaterThanOrEqualTo(put.Json.GetProperty("index").GetUInt64()));
    }

    [TestCase("/kv/..")]
    [TestCase("/kv/.")]
    [TestCase("/kv/a/../b")]
    [TestCase("/kv/a%2Fb")]
    [TestCase("/kv/a%252Fb")]
    [TestCase("/kv/a+b")]
    [TestCase("/kv/x/cas")]
    public async Task A_key_is_what_stands_in_the_raw_target(string target)
    {
        await _server.SendAsync("PUT", target, target);

        Reply reply = await _server.SendAsync("GET", target);

        Assert.That(reply.Text, Is.EqualTo(target));
    }

    [Test]
    public async Task An_empty_body_is_an_empty_value_and_not_an_absent_one()
    {
        await _server.SendAsync("PUT", "/kv/empty");

        Reply reply = await _server.SendAsync("GET", "/kv/empty");

        Assert.That((reply.Status, reply.Body.Length), Is.EqualTo((200, 0)));
    }

    [TestCase("")]
    [TestCase("?read=linearizable")]
    [TestCase("?read=lease")]
    [TestCase("?read=stale")]
    public async Task An_absent_key_is_404_with_the_index_it_was_read_at(string query)
    {
        Reply reply = await _server.SendAsync("GET", "/kv/absent" + query);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((404, "not_found")));
        Assert.That(reply.Header("Raft-Index"), Is.Not.Null);
    }

    [Test]
    [Reference("b01")]
    public async Task A_delete_says_whether_the_key_was_there()
    {
        await _server.SendAsync("PUT", "/kv/gone", "x");

        Reply first = await _server.SendAsync("DELETE", "/kv/gone");
        Reply second = await _server.SendAsync("DELETE", "/kv/gone");

        Assert.That(first.Json.GetProperty("existed").GetBoolean(), Is.True);
        Assert.That(second.Json.GetProperty("existed").GetBoolean(), Is.False);
    }

    [Test]
    public async Task A_compare_and_swap_says_whether_it_took_place()
    {
        Reply first = await _server.SendAsync("POST", "/kv/swap/cas", """{"expected":null,"value":"a"}""");
        Reply second = await _server.SendAsync("POST", "/kv/swap/cas", """{"expected":null,"value":"b"}""");
        Reply third = await _server.SendAsync("POST", "/kv/swap/cas", """{"value":"c","expected":"a"}""");

        Assert.That(new[] { first, second, third }.Select(r => r.Json.GetProperty("swapped").GetBoolean()),
            Is.EqualTo(new[] { true, false, true }));
        Assert.That((await _server.SendAsync("GET", "/kv/swap")).Text, Is.EqualTo("c"));
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"value":"b"}""")]
    [TestCase("""{"expected":"a"}""")]
    [TestCase("""{"expected":1,"value":"b"}""")]
    [TestCase("""{"expected":"a","value":null}""")]
    [TestCase("""{"expected":"a","expected":"b","value":"c"}""")]
    [TestCase("""{"expected":"\ud800","value":"b"}""")]
    public async Task A_compare_and_swap_without_both_members_is_400(string body)
    {
        Reply reply = await _server.SendAsync("POST", "/kv/k/cas", body);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((400, "bad_request")));
    }

    [TestCase(KvLimits.ValueBytesMax, 200)]
    [TestCase(KvLimits.ValueBytesMax + 1, 413)]
    public async Task A_value_has_at_most_512_KiB(int bytes, int status)
    {
        Reply reply = await _server.SendAsync("PUT", "/kv/large", new byte[bytes]);

        Assert.That(reply.Status, Is.EqualTo(status));
    }

    [Test]
    public async Task The_same_request_of_a_client_is_applied_once_and_a_lower_one_is_superseded()
    {
        Reply first = await _server.SendAsync("PUT", "/kv/once", "a", ("Raft-Client", "c 1"), ("Raft-Request", "5"));
        await _server.SendAsync("PUT", "/kv/once", "b");

        Reply again = await _server.SendAsync("PUT", "/kv/once", "a", ("Raft-Client", "c 1"), ("Raft-Request", "5"));
        Reply lower = await _server.SendAsync("PUT", "/kv/once", "c", ("Raft-Client", "c 1"), ("Raft-Request", "4"));

        Assert.That(again.Text, Is.EqualTo(first.Text));
        Assert.That((lower.Status, lower.Error), Is.EqualTo((410, "superseded")));
        Assert.That((await _server.SendAsync("GET", "/kv/once")).Text, Is.EqualTo("b"));
    }

    [TestCase("c", null)]
    [TestCase(null, "1")]
    [TestCase("c", "0")]
    [TestCase("c", "-1")]
    [TestCase("c", "x")]
    [TestCase("c", "9223372036854775808")]
    [TestCase("12345678901234567890123456789012345678901234567890123456789012345", "1")]
    public async Task A_wrong_client_or_request_is_400(string? client, string? request)
    {
        (string, string)[] headers =
        [
            .. client is null ? Array.Empty<(string, string)>() : [("Raft-Client", client)],
            .. request is null ? Array.Empty<(string, string)>() : [("Raft-Request", request)],
        ];

        Reply reply = await _server.SendAsync("PUT", "/kv/k", "v", headers);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((400, "bad_request")));
    }

    [TestCase("GET", "/kv/k?read=dirty", 400, "bad_request")]
    [TestCase("GET", "/kv/k?forward=maybe", 400, "bad_request")]
    [TestCase("GET", "/kv/", 400, "bad_request")]
    [TestCase("GET", "/kv/%FF", 400, "bad_request")]
    [TestCase("GET", "/kv", 404, "not_found")]
    [TestCase("GET", "/raft", 404, "not_found")]
    [TestCase("GET", "/raft/entries?from=x", 400, "bad_request")]
    [TestCase("POST", "/kv/k", 405, "bad_method")]
    [TestCase("PATCH", "/kv/k", 405, "bad_method")]
    [TestCase("POST", "/raft/status", 405, "bad_method")]
    [TestCase("GET", "/raft/verify", 405, "bad_method")]
    [TestCase("PUT", "/", 405, "bad_method")]
    [TestCase("GET", "/raft/servers/n2", 405, "bad_method")]
    public async Task What_is_not_served_is_told_in_the_error_form(string method, string target, int status, string error)
    {
        Reply reply = await _server.SendAsync(method, target);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((status, error)));
        Assert.That(reply.Json.GetProperty("message").GetString(), Is.Not.Empty);
        Assert.That(reply.Json.GetProperty("leader").ValueKind, Is.EqualTo(JsonValueKind.Object));
    }

    [Test]
    [Reference("f03")]
    public async Task The_routes_of_raft_demo_answer_in_plain_text()
    {
        Assert.That((await _server.SendAsync("GET", "/set?key=demo&value=a+b")).Text, Is.EqualTo("ok"));
        Assert.That((await _server.SendAsync("GET", "/get?key=demo")).Text, Is.EqualTo("a b"));
        Assert.That((await _server.SendAsync("GET", "/get?key=nothing")).ToString(), Is.EqualTo("200 "));
        Assert.That((await _server.SendAsync("GET", "/set?value=x")).Text, Does.StartWith("error:"));
    }

    [Test]
    [Reference("a46")]
    public async Task The_status_has_the_members_of_the_contract_in_order()
    {
        Reply reply = await _server.SendAsync("GET", "/raft/status");

        Assert.That(reply.Json.EnumerateObject().Select(m => m.Name), Is.EqualTo(new[]
        {
            "id", "state", "term", "leader", "lastLogIndex", "lastLogTerm", "commitIndex", "appliedIndex", "fsmPending",
            "lastSnapshotIndex", "lastSnapshotTerm", "lastContactMs", "configuration", "followers", "failureTolerance",
        }));
        Assert.That(reply.Json.GetProperty("state").GetString(), Is.EqualTo("Leader"));
        Assert.That(reply.Json.GetProperty("leader").ToString(),
            Is.EqualTo($$"""{"id":"n1","raft":"n1:1","http":"{{_server.Node.Http}}"}"""));
        Assert.That(reply.Json.GetProperty("configuration").ToString(),
            Is.EqualTo("""{"index":1,"servers":[{"id":"n1","address":"n1:1","suffrage":"Voter"}]}"""));
    }

    [Test]
    public async Task The_dump_and_the_entries_tell_what_is_there()
    {
        await _server.SendAsync("PUT", "/kv/last", "v");

        JsonElement dump = (await _server.SendAsync("GET", "/raft/dump")).Json;
        JsonElement[] entries = [.. (await _server.SendAsync("GET", "/raft/entries?from=0")).Json.EnumerateArray()];

        Assert.That(dump.GetProperty("sha256").GetString(), Has.Length.EqualTo(64));
        Assert.That(dump.GetProperty("appliedIndex").GetInt32(), Is.EqualTo(entries[^1].GetProperty("index").GetInt32()));
        Assert.That(entries.Select(e => e.GetProperty("index").GetInt32()), Is.EqualTo(Enumerable.Range(1, entries.Length)));
        Assert.That(entries[0].GetProperty("type").GetString(), Is.EqualTo("Configuration"));
        Assert.That(entries[1].GetProperty("type").GetString(), Is.EqualTo("Noop"));
        Assert.That(entries[^1].GetProperty("data").GetString(), Is.EqualTo("""{"op":"set","key":"last","value":"v"}"""));
    }

    [Test]
    public async Task A_range_of_entries_is_read_to_the_letter()
    {
        Reply two = await _server.SendAsync("GET", "/raft/entries?from=1&to=2");
        Reply none = await _server.SendAsync("GET", "/raft/entries?from=2&to=1");
        Reply beyond = await _server.SendAsync("GET", "/raft/entries?from=1000000");

        Assert.That(two.Json.GetArrayLength(), Is.EqualTo(2));
        Assert.That((none.Text, beyond.Text), Is.EqualTo(("[]", "[]")));
    }

    [TestCase("/raft/verify")]
    [TestCase("/raft/barrier")]
    public async Task The_leader_can_be_asked_to_prove_itself(string target) =>
        Assert.That((await _server.SendAsync("POST", target)).Status, Is.EqualTo(200));

    [TestCase("/healthz", "alive")]
    [TestCase("/readyz", "ready")]
    [TestCase("/", "<title>raftkv n1</title>")]
    [TestCase("/metrics", "raft_state{state=\"Leader\"} 1")]
    [TestCase("/metrics", "# TYPE raft_commit_index gauge")]
    public async Task The_pages_of_an_operator_are_served(string target, string says)
    {
        Reply reply = await _server.SendAsync("GET", target);

        Assert.That(reply.Status, Is.EqualTo(200));
        Assert.That(reply.Text, Does.Contain(says));
    }

    [Test]
    public async Task Many_clients_at_once_are_all_served()
    {
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => i % 2 == 0
            ? _server.SendAsync("PUT", $"/kv/many{i}", Encoding.UTF8.GetBytes($"{i}"))
            : _server.SendAsync("GET", "/raft/status")));

        Assert.That(replies, Has.All.Matches<Reply>(r => r.Status == 200));
    }
}
