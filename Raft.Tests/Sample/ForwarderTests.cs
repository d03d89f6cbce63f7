using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Raft.Fsm.Sample.Http;
using Raft.Fsm.Sample.Node;

namespace Raft.Tests.Sample;

/// <summary>What becomes of a forwarded request whose answer is lost.</summary>
public sealed class ForwarderTests
{
    private static readonly ServerId Id = "n1";

    [TestCase("PUT", "value")]
    [TestCase("DELETE", "")]
    [TestCase("GET", "")]
    public async Task A_request_is_never_sent_twice_when_its_connection_ends_without_an_answer(string method, string body)
    {
        using var leader = new SilentServer();
        await using SampleServer server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1", new ClusterConfiguration(new Server(Id, "n1:1")));
        using var forwarder = new Forwarder(server.Node);
        var info = new LeaderInfo("n2", "n2:1", leader.Address);

        // The first answer leaves a connection in the pool; on such a one HTTP clients like to send a request again.
        Answer? first = await forwarder.SendAsync(info, info.Http!, Request(method, body), isWrite: true, default);
        ApiException lost = Assert.ThrowsAsync<ApiException>(
            () => forwarder.SendAsync(info, info.Http!, Request(method, body), isWrite: true, default))!;
        Answer? lostRead = await forwarder.SendAsync(info, info.Http!, Request("GET", ""), isWrite: false, default);

        Assert.That(first!.Status, Is.EqualTo(200));
        Assert.That((lost.Status, lost.Code), Is.EqualTo((504, "outcome_unknown")));
        Assert.That(lostRead, Is.Null, "a read that got no answer may be tried again");
        Assert.That(await leader.StopAsync(), Is.EqualTo(3));
    }

    [Test]
    public async Task A_request_that_could_not_be_sent_may_be_tried_again()
    {
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var info = new LeaderInfo("n2", "n2:1", nobody.LocalEndpoint.ToString());
        nobody.Stop();
        await using SampleServer server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1", new ClusterConfiguration(new Server(Id, "n1:1")));
        using var forwarder = new Forwarder(server.Node);

        Assert.That(await forwarder.SendAsync(info, info.Http!, Request("PUT", "v"), isWrite: true, default), Is.Null);
    }

    private static ApiRequest Request(string method, string body)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/kv/k";
        context.Request.Method = method;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return new ApiRequest(context);
    }

    /// <summary>Answers the first request, and ends the connection of every other.</summary>
    private sealed class SilentServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task<int> _requests;

        public SilentServer()
        {
            _listener.Start();
            _requests = ServeAsync();
        }

        public string Address => _listener.LocalEndpoint.ToString()!;

        /// <summary>How many requests came.</summary>
        public Task<int> StopAsync()
        {
            _listener.Stop();
            return _requests;
        }

        public void Dispose() => _listener.Dispose();

        private async Task<int> ServeAsync()
        {
            int requests = 0;
            try
            {
                while (true)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    NetworkStream stream = client.GetStream();
                    byte[] buffer = new byte[64 * 1024];
                    while (await stream.ReadAsync(buffer) > 0)
                    {
                        if (++requests > 1)
                        {
                            break;
                        }

                        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                    }
                }
            }
            catch (Exception stopped) when (stopped is SocketException or InvalidOperationException)
            {
                return requests;
            }
        }
    }
}
