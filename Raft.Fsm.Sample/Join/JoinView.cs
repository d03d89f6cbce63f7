using System.Text.Json;

namespace Raft.Fsm.Sample.Join;

/// <summary>The cluster, as the status of one member tells it.</summary>
/// <param name="HasLeader">Whether that member knows a leader.</param>
/// <param name="CommitIndex">What it knows to be committed.</param>
/// <param name="ConfigurationIndex">Where the configuration stands.</param>
/// <param name="Configuration">The latest configuration, committed or not.</param>
internal sealed record JoinView(
    bool HasLeader, ulong CommitIndex, ulong ConfigurationIndex, ClusterConfiguration Configuration)
{
    /// <summary>Reads the answer to <c>GET /raft/status</c>.</summary>
    public static JoinView Of(JsonElement status)
    {
        JsonElement configuration = status.GetProperty("configuration");
        return new JoinView(
            status.GetProperty("leader").ValueKind == JsonValueKind.Object,
            status.GetProperty("commitIndex").GetUInt64(),
            configuration.GetProperty("index").GetUInt64(),
            new ClusterConfiguration(configuration.GetProperty("servers").EnumerateArray().Select(static server => new Server(
                server.GetProperty("id").GetString(),
                server.GetProperty("address").GetString(),
                server.GetProperty("suffrage").GetString() == "Voter" ? ServerSuffrage.Voter : ServerSuffrage.Nonvoter))));
    }
}
