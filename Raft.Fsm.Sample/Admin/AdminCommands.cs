using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Admin;

/// <summary>The commands that change a running cluster, each one request to any of its nodes.</summary>
internal static class AdminCommands
{
    /// <summary>The node that is asked.</summary>
    public static OptionSpec Target { get; } =
        new("target", "URL", "any node's HTTP address, as in http://127.0.0.1:8001") { IsRequired = true };

    private static readonly OptionSpec Id = new("id", "ID", "the server") { IsRequired = true };

    /// <summary>The commands.</summary>
    /// <param name="output">Where they say what was done.</param>
    public static IReadOnlyList<CommandSpec> Of(TextWriter output) =>
    [
        new("add", "adds a server, or promotes one, or gives it another address",
            [
                Target, Id, new("address", "HOST:PORT", "its raft address, as the others reach it") { IsRequired = true },
                new("suffrage", "Voter|Nonvoter", "whether it votes; a voter stays one", "Voter"),
            ],
            given => AddAsync(given, output)),
        new("demote", "takes the vote from a server, which stays a member", [Target, Id], given => DemoteAsync(given, output)),
        new("remove", "removes a server", [Target, Id], given => RemoveAsync(given, output)),
        new("transfer", "hands the leadership over",
            [Target, new("to", "ID", "the voter that is to lead; without it the one that is best prepared")],
            given => TransferAsync(given, output)),
        new("snapshot", "lets a node take a snapshot now", [Target with { Help = "that node's HTTP address" }],
            given => SnapshotAsync(given, output)),
    ];

    private static async Task<int> AddAsync(ParsedOptions given, TextWriter output)
    {
        string suffrage = given.Required("suffrage").ToUpperInvariant() switch
        {
            "VOTER" => "Voter",
            "NONVOTER" => "Nonvoter",
            _ => throw given.Wrong($"--suffrage is '{given.Text("suffrage")}'; give Voter or Nonvoter"),
        };
        HostPort address = given.Address("address");
        if (address.Port == 0 || address.IsWildcard)
        {
            throw given.Wrong($"--address is {address}, which nobody can dial; give the address and port that others reach");
        }

        string id = given.Required("id");
        AdminReply reply = await AskAsync(given, HttpMethod.Post, "/raft/servers",
            JsonContent.Create(new { id, address = address.ToString(), suffrage }));
        await output.WriteLineAsync($"{id} is a member: configuration at index {reply.Number("index")}");
        return ExitCodes.Success;
    }

    private static async Task<int> DemoteAsync(ParsedOptions given, TextWriter output)
    {
        string id = given.Required("id");
        AdminReply reply = await AskAsync(given, HttpMethod.Post, AdminClient.ServerPath(id) + "/demote");
        await output.WriteLineAsync($"{id} does not vote: configuration at index {reply.Number("index")}");
        return ExitCodes.Success;
    }

    private static async Task<int> RemoveAsync(ParsedOptions given, TextWriter output)
    {
        string id = given.Required("id");
        AdminReply reply = await AskAsync(given, HttpMethod.Delete, AdminClient.ServerPath(id));
        await output.WriteLineAsync($"{id} is no member: configuration at index {reply.Number("index")}");
        return ExitCodes.Success;
    }

    private static async Task<int> TransferAsync(ParsedOptions given, TextWriter output)
    {
        string? to = given.Text("to");
        AdminReply reply = await AskAsync(
            given, HttpMethod.Post, "/raft/transfer", to is null ? null : JsonContent.Create(new { id = to }));
        string? leader = reply.Read(root => root.GetProperty("leader").GetProperty("id").GetString());
        await output.WriteLineAsync($"{leader} leads in term {reply.Number("term")}");
        return ExitCodes.Success;
    }

    private static async Task<int> SnapshotAsync(ParsedOptions given, TextWriter output)
    {
        AdminReply reply = await AskAsync(given, HttpMethod.Post, "/raft/snapshot", patience: Timeout.InfiniteTimeSpan);
        await output.WriteLineAsync($"snapshot at index {reply.Number("index")}, {reply.Number("size")} bytes");
        return ExitCodes.Success;
    }

    private static async Task<AdminReply> AskAsync(
        ParsedOptions given, HttpMethod method, string path, HttpContent? body = null, TimeSpan? patience = null)
    {
        using var client = new AdminClient(AdminClient.ReadTarget(given, "target"));
        return await client.SendAsync(method, path, body, patience);
    }
}
