using System.Text.Json;
using Raft.Fsm.Sample.Admin;

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
        using var client = new AdminClient(AdminClient.ReadTarget(given, "target"));
        AdminReply reply = await client.SendAsync(HttpMethod.Get, "/raft/status", patience: Patience);
        reply.Read(status =>
        {
            Print(status, output);
            return true;
        });
        return ExitCodes.Success;
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
