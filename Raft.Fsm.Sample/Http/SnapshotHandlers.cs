using System.Globalization;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>The state as a whole: <c>/raft/snapshot</c>, <c>/raft/backup</c> and <c>/raft/restore</c>.</summary>
internal sealed class SnapshotHandlers(KvNode node, LeaderGate gate)
{
    // A newer snapshot may take the place of the one that was just found; not again and again.
    private const int AttemptsMax = 3;

    // All servers must get the state, however large it is.
    private static readonly TimeSpan RestorePatience = TimeSpan.FromMinutes(10);

    /// <summary><c>POST /raft/snapshot</c>.</summary>
    public async Task<Answer> TakeAsync(ApiRequest request)
    {
        SnapshotMeta taken = await node.Raft.SnapshotAsync(request.Aborted);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, taken.Index);
            json.WriteNumber("term"u8, taken.Term);
            json.WriteString("id"u8, taken.Id);
            json.WriteNumber("size"u8, taken.Size);
            json.WriteEndObject();
        });
    }

    /// <summary><c>GET /raft/backup</c>: this node's state as it is now.</summary>
    public async Task<Answer> BackupAsync(ApiRequest request)
    {
        try
        {
            await node.Raft.SnapshotAsync(request.Aborted);
        }
        catch (NothingNewToSnapshotException)
        {
            // Then the newest one holds everything.
        }

        if (await OpenNewestAsync() is { } stored)
        {
            return Streamed(stored.Meta.Index, StreamedBody.Of(stored));
        }

        // Nothing was ever applied, or the store keeps none: what there is, though without knowing how long it is.
        (ulong index, IFsmSnapshot state) = await node.Raft.InspectAsync(at => (at, node.Fsm.Snapshot()));
        return Streamed(index, StreamedBody.Of(state));
    }

    /// <summary><c>POST /raft/restore</c>: looked through to its end before anything is replaced.</summary>
    public async Task<Answer> RestoreAsync(ApiRequest request)
    {
        using SpooledBody file = await request.SpoolBodyAsync(KvLimits.SnapshotBytesMax);
        await CheckAsync(file, request.Aborted);
        return await gate.RunAsync(request, new LeaderOperation(IsWrite: true, async (left, deadline) =>
        {
            await using Stream snapshot = file.Open();
            ApplyResult restored = await node.Raft.RestoreAsync(snapshot, file.Length, left, deadline);
            return Answer.OfJson(200, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, restored.Index);
                json.WriteNumber("term"u8, restored.Term);
                json.WriteEndObject();
            });
        })
        {
            Patience = RestorePatience > node.ApplyTimeout ? RestorePatience : node.ApplyTimeout,
        });
    }

    // A state machine that meets damage while it restores stops its node, on every server: none may get that far.
    private static async Task CheckAsync(SpooledBody file, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream snapshot = file.Open();
            await KvSnapshotReader.ReadAsync(snapshot, into: null, cancellationToken);
        }
        catch (InvalidDataException damage)
        {
            throw ApiException.BadRequest(damage.Message);
        }
    }

    private async Task<ISnapshotSource?> OpenNewestAsync()
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<SnapshotMeta> stored = await node.Snapshots.ListAsync();
            if (stored.Count == 0)
            {
                return null;
            }

            try
            {
                return await node.Snapshots.OpenAsync(stored[0].Id);
            }
            catch (StoreException) when (attempt < AttemptsMax)
            {
                // It gave way to a newer one.
            }
        }
    }

    private static Answer Streamed(ulong index, StreamedBody body) => new(200, "application/x-ndjson", default)
    {
        Stream = body,
        RaftIndex = index.ToString(CultureInfo.InvariantCulture),
    };
}
