using Raft.Fsm.Sample.Admin;

namespace Raft.Fsm.Sample.Repair;

/// <summary>What a repair asks of the cluster, by a member that forwards it to the leader.</summary>
/// <param name="via">The member.</param>
/// <param name="id">The server that is repaired.</param>
internal sealed class ClusterContact(Uri via, string id) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    // An election may be under way, since the server that is repaired led.
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(15);

    private readonly AdminClient _client = new(via);

    /// <summary>Asks how the cluster stands, once its leader has heard from a majority that it leads.</summary>
    /// <exception cref="AdminException">Nobody answers, nobody leads, or it cannot be asked.</exception>
    public async Task<ClusterView> LookAsync()
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            AdminReply status = await StatusAsync();
            if (await TryLookAsync(status) is { } view)
            {
                return view;
            }

            if (TimeProvider.System.GetElapsedTime(began) > LeaderPatience)
            {
                string members = status.Read(root => string.Join(
                    ", ", root.GetProperty("configuration"u8).GetProperty("servers"u8).EnumerateArray().Select(s => s.GetProperty("id"u8).GetString())));
                throw new AdminException(
                    $"{via} knows no leader that a majority of {members} follows, so that {id} cannot be removed: bring other voters back until there is one. "
                    + "Where so many are lost for good that there never will be, see raftkv recover and docs/recovery.md");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Removes the server. That is committed on return.</summary>
    /// <param name="silence">For how long it must not have answered its leader.</param>
    /// <returns>The index of the entry that removed it.</returns>
    /// <exception cref="AdminException">It was refused, or whether it happened is unknown.</exception>
    public async Task<ulong> RemoveAsync(TimeSpan silence) =>
        (await _client.SendAsync(HttpMethod.Delete, AdminClient.SilentServerPath(id, silence))).Number("index");

    public void Dispose() => _client.Dispose();

    private async Task<AdminReply> StatusAsync()
    {
        AdminReply status = await AskAsync(_client, "/raft/status");
        return status.Read(root => root.GetProperty("id"u8).GetString()) != id ? status
            : throw new AdminException($"{via} is {id} itself, and runs: there is nothing to repair. Name another member");
    }

    private async Task<ClusterView?> TryLookAsync(AdminReply status)
    {
        (string? leader, string? http) = status.Read(root => root.GetProperty("leader"u8) is { ValueKind: System.Text.Json.JsonValueKind.Object } named
            ? (named.GetProperty("id"u8).GetString(), named.GetProperty("http"u8).GetString()) : (null, null));
        if (leader is null || leader == id || http is null)
        {
            // Also of a leader of another implementation the address is not known, at first or ever.
            return null;
        }

        try
        {
            using var client = new AdminClient(new Uri($"http://{http}"));
            await client.SendAsync(HttpMethod.Post, "/raft/verify", patience: AnswerPatience);
            return ClusterView.Read(await AskAsync(client, "/raft/status"));
        }
        catch (AdminException)
        {
            // It has ended meanwhile, or has no majority any more: the next look tells who leads then.
            return null;
        }
    }

    private static Task<AdminReply> AskAsync(AdminClient client, string path) => client.SendAsync(HttpMethod.Get, path, patience: AnswerPatience);
}
