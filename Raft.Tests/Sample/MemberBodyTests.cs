using System.Text;
using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.Http;

namespace Raft.Tests.Sample;

/// <summary>Bodies and paths that name servers.</summary>
public sealed class MemberBodyTests
{
    [TestCase("Voter", ServerSuffrage.Voter)]
    [TestCase("Nonvoter", ServerSuffrage.Nonvoter)]
    public void A_server_is_its_id_address_and_suffrage(string suffrage, ServerSuffrage expected)
    {
        Server server = MemberBody.ReadServer(Bytes($$"""{"suffrage":"{{suffrage}}","id":"n\u00e4 /","address":"[::1]:7004"}"""));

        Assert.That(server, Is.EqualTo(new Server("nä /", "[::1]:7004", expected)));
    }

    [TestCase("")]
    [TestCase("n4")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"id":"n4","address":"a:1"}""")]
    [TestCase("""{"id":"n4","suffrage":"Voter"}""")]
    [TestCase("""{"address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":"","address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":4,"address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":null,"address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":"n4","address":"a","suffrage":"Voter"}""")]
    [TestCase("""{"id":"n4","address":"a:0","suffrage":"Voter"}""")]
    [TestCase("""{"id":"n4","address":"0.0.0.0:7001","suffrage":"Voter"}""")]
    [TestCase("""{"id":"n4","address":"a:1","suffrage":"voter"}""")]
    [TestCase("""{"id":"n4","address":"a:1","suffrage":"Staging"}""")]
    [TestCase("""{"id":"n4","address":"a:1","suffrage":"Voter","more":"x"}""")]
    [TestCase("""{"id":"n4","id":"n5","address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":"\ud800","address":"a:1","suffrage":"Voter"}""")]
    [TestCase("""{"id":"n4","address":"a:1","suffrage":"Voter"} more""")]
    public void What_is_no_server_is_a_bad_request(string body) =>
        Assert.That(() => MemberBody.ReadServer(Bytes(body)), Throws.TypeOf<ApiException>().With.Property("Status").EqualTo(400));

    [TestCase("", null)]
    [TestCase("{}", null)]
    [TestCase("""{"id":"n2"}""", "n2")]
    public void A_transfer_names_a_server_or_none(string body, string? expected) =>
        Assert.That(MemberBody.ReadTarget(Bytes(body)), Is.EqualTo(new ServerId(expected)));

    [TestCase(" ")]
    [TestCase("\"n2\"")]
    [TestCase("""{"Id":"n2"}""")]
    [TestCase("""{"id":""}""")]
    [TestCase("""{"id":null}""")]
    public void A_transfer_to_who_is_not_understood_is_a_bad_request(string body) =>
        Assert.That(() => MemberBody.ReadTarget(Bytes(body)), Throws.TypeOf<ApiException>().With.Property("Status").EqualTo(400));

    [TestCase("n1", "n1")]
    [TestCase("a%2Fb", "a/b")]
    [TestCase("a%252Fb", "a%2Fb")]
    [TestCase("a+b", "a+b")]
    [TestCase("..", "..")]
    [TestCase("%C3%A4", "ä")]
    public void An_id_in_a_path_is_percent_decoded_once(string raw, string expected) =>
        Assert.That(MemberBody.ReadId(raw).ToString(), Is.EqualTo(expected));

    [TestCase("%")]
    [TestCase("%zz")]
    [TestCase("%ff")]
    [TestCase("")]
    public void What_is_no_id_is_a_bad_request(string raw) =>
        Assert.That(() => MemberBody.ReadId(raw), Throws.TypeOf<ApiException>().With.Property("Status").EqualTo(400));

    [Test]
    public void An_id_has_a_limit() =>
        Assert.That(() => MemberBody.ReadId(new string('x', ServerId.BytesMax + 1)), Throws.TypeOf<ApiException>());

    [TestCase("n1")]
    [TestCase("..")]
    [TestCase("a/b%c ?#ä")]
    public void The_path_that_is_asked_for_is_the_one_that_is_read(string id) =>
        Assert.That(MemberBody.ReadId(AdminClient.ServerPath(id)["/raft/servers/".Length..]).ToString(), Is.EqualTo(id));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
