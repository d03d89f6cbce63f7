using System.Text.Json;
using Raft.Fsm.Sample.Admin;

namespace Raft.Fsm.Sample.Repair;

/// <summary>A running cluster, as its leader sees it.</summary>
/// <param name="Leader">The leader's id.</param>
/// <param name="Members">All members, the leader among them.</param>
internal sealed record ClusterView(string Leader, IReadOnlyList<MemberView> Members)
{
    /// <summary>A member; null where there is none of that id.</summary>
    public MemberView? Find(string id) => Members.FirstOrDefault(m => m.Id == id);

    /// <summary>Reads what the leader says of itself and its followers.</summary>
    /// <returns>The view; null where the node that was asked does not lead.</returns>
    /// <exception cref="AdminException">The answer is of another form.</exception>
    public static ClusterView? Read(AdminReply status) => status.Read(root =>
    {
        if (!root.TryGetProperty("followers"u8, out JsonElement followers))
        {
            return null;
        }

        var contacts = followers.EnumerateArray().ToDictionary(f => f.GetProperty("id"u8).GetString()!, ContactOf, StringComparer.Ordinal);
        return new ClusterView(
            root.GetProperty("id"u8).GetString()!,
            [
                .. root.GetProperty("configuration"u8).GetProperty("servers"u8).EnumerateArray().Select(server =>
                {
                    string id = server.GetProperty("id"u8).GetString()!;
                    return new MemberView(id, server.GetProperty("suffrage"u8).GetString() == "Voter", contacts.GetValueOrDefault(id));
                }),
            ]);
    });

    private static TimeSpan? ContactOf(JsonElement follower) => follower.GetProperty("lastContactMs"u8) is { ValueKind: JsonValueKind.Number } age
        ? TimeSpan.FromMilliseconds(age.GetInt64()) : null;
}
