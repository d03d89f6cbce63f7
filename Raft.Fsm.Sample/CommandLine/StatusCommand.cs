using System.Text.Json;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary><c>raftkv status</c>: prints how a node stands.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The options.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
        [new("target", "URL", "the node's HTTP address, as in http://127.0.0.1:8001") { IsRequired = true }];

    /// <summary>Asks the node and prints its answer.</summary>
    public static async Task<int> RunAsync(ParsedOptions given, TextWriter output)
    {
        string target = given.Required("target");
        if (!Uri.TryCreate(target, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttp)
        {
            throw given.Wrong($"--target is '{target}'; give http://HOST:PORT, as in http://127.0.0.1:8001");
        }

        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
            using JsonDocument status = JsonDocument.Parse(await client.GetStringAsync(new Uri(uri, "/raft/status")));
            Print(status.RootElement, output);
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException
            or InvalidOperationException or KeyNotFoundException)
        {
            await Console.Error.WriteLineAsync(
                CommandTable.OneLine($"raftkv status: {target} does not answer as a raftkv node: {failure.Message}"));
            return ExitCodes.Failure;
        }
    }

    private static void Print(JsonElement status, TextWriter output)
    {
        foreach (JsonProperty member in status.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Array:
                    PrintAll(member.Name, member.Value, output);
                    break;
                case JsonValueKind.Object when member.Value.TryGetProperty("servers", out JsonElement servers):
                    output.WriteLine($"{member.Name,-18} index {member.Value.GetProperty("index")}");
                    PrintAll("", servers, output);
                    break;
                case JsonValueKind.Object:
                    output.WriteLine($"{member.Name,-18} {Line(member.Value)}");
                    break;
                default:
                    output.WriteLine($"{member.Name,-18} {Text(member.Value)}");
                    break;
            }
        }
    }

    private static void PrintAll(string name, JsonElement array, TextWriter output)
    {
        foreach (JsonElement item in array.EnumerateArray())
        {
            output.WriteLine($"{name,-18} {Line(item)}");
            name = "";
        }
    }

    private static string Line(JsonElement item) =>
        string.Join("  ", item.EnumerateObject().Select(m => $"{m.Name} {Text(m.Value)}"));

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? "-" : value.ToString();
}
