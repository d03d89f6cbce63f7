using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Raft.Simulation;
using Raft.Simulation.Linearizability;

namespace Raftchaos.Clients;

/// <summary>Calls registers by raftkv's HTTP. What an answer lets a client conclude stands in the sample's contract.</summary>
internal sealed class RegisterPort : IDisposable
{
    /// <summary>How long a client waits. One that gives up does not know the outcome.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = Patience };

    /// <summary>Makes one call of one node.</summary>
    /// <param name="node">Its HTTP address.</param>
    /// <param name="key">The register; letters and digits.</param>
    /// <param name="call">What to do there.</param>
    public async Task<Reply> CallAsync(string node, string key, RegisterCall call)
    {
        try
        {
            using HttpRequestMessage request = Request(node, key, call);
            using HttpResponseMessage answer = await _http.SendAsync(request);
            string body = await answer.Content.ReadAsStringAsync();
            return call.Kind == RegisterCallKind.Get ? Read(answer, body) : Written(answer, body, call);
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return new Reply(CallVerdict.DidNotHappen);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return new Reply(CallVerdict.Unknown);
        }
    }

    /// <summary>Writes a value of some size, whatever comes of it.</summary>
    public async Task WriteAsync(string node, string key, int bytes)
    {
        try
        {
            using var body = new ByteArrayContent(new byte[bytes]);
            using HttpResponseMessage answer = await _http.PutAsync(new Uri($"{node}/kv/{key}"), body);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            // The next is sent to another node.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(string node, string key, RegisterCall call)
    {
        string address = $"{node}/kv/{key}";
        return call.Kind switch
        {
            RegisterCallKind.Get => new HttpRequestMessage(HttpMethod.Get, address),
            RegisterCallKind.Put => new HttpRequestMessage(HttpMethod.Put, address) { Content = Text(call.Value) },
            _ => new HttpRequestMessage(HttpMethod.Post, $"{address}/cas")
            {
                Content = new StringContent(
                    $"{{\"expected\":{(call.Expected == 0 ? "null" : $"\"{call.Expected}\"")},\"value\":\"{call.Value}\"}}"),
            },
        };
    }

    private static ByteArrayContent Text(long value) => new(Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));

    private static Reply Read(HttpResponseMessage answer, string body)
    {
        ulong index = answer.Headers.TryGetValues("Raft-Index", out IEnumerable<string>? values)
            ? ulong.Parse(values.First(), CultureInfo.InvariantCulture) : 0;
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => new Reply(CallVerdict.Answered, long.Parse(body, CultureInfo.InvariantCulture), index),
            HttpStatusCode.NotFound => new Reply(CallVerdict.Answered, 0, index),
            _ => new Reply(CallVerdict.DidNotHappen),
        };
    }

    private static Reply Written(HttpResponseMessage answer, string body, RegisterCall call)
    {
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            return new Reply(
                answer.StatusCode is HttpStatusCode.GatewayTimeout or HttpStatusCode.InternalServerError
                    ? CallVerdict.Unknown : CallVerdict.DidNotHappen);
        }

        JsonElement told = JsonDocument.Parse(body).RootElement;
        bool swapped = call.Kind == RegisterCallKind.CompareAndSwap && told.GetProperty("swapped").GetBoolean();
        return new Reply(
            CallVerdict.Answered, swapped ? 1 : 0, told.GetProperty("index").GetUInt64(), told.GetProperty("term").GetUInt64());
    }
}
