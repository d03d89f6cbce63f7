using System.Globalization;
using System.Security.Cryptography;
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

        if (await OpenNewestAsync(request.Aborted) is { } newest)
        {
            return Streamed(newest.Stored.Meta.Index, newest.Sha256, StreamedBody.Of(newest.Stored));
        }

        // Nothing was ever applied, or the store keeps none: what there is, though without knowing how long it is.
        (ulong index, IFsmSnapshot state) = await node.Raft.InspectAsync(at => (at, node.Fsm.Snapshot()));
        byte[] sha256 = await ReprDigest.OfAsync(stream => state.PersistAsync(stream, request.Aborted));
        return Streamed(index, sha256, StreamedBody.Of(state));
    }

    /// <summary><c>POST /raft/restore</c>: looked through to its end before anything is replaced.</summary>
    public async Task<Answer> RestoreAsync(ApiRequest request)
    {
        using SpooledBody file = await request.SpoolBodyAsync(KvLimits.SnapshotBytesMax);
        await CheckAsync(file, request);
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
    private static async Task CheckAsync(SpooledBody file, ApiRequest request)
    {
        string header = request.Headers[ReprDigest.Header].ToString();
        if (!ReprDigest.TryParse(header, out byte[]? sent))
        {
            throw ApiException.BadRequest($"{ReprDigest.Header} is '{header}'; give sha-256=:BASE64: (RFC 9530), or leave it out");
        }

        await using Stream snapshot = file.Open();
        if (sent is not null && !(await SHA256.HashDataAsync(snapshot, request.Aborted)).AsSpan().SequenceEqual(sent))
        {
            throw ApiException.BadRequest($"the body is not what was sent: its digest is another than {header}");
        }

        snapshot.Position = 0;
        try
        {
            await KvSnapshotReader.ReadAsync(snapshot, into: null, request.Aborted);
        }
        catch (InvalidDataException damage)
        {
            throw ApiException.BadRequest(damage.Message);
        }
    }

    /// <summary>Opens the newest snapshot, once it was read to its end: what is damaged there is told before anything is sent.</summary>
    private async Task<(ISnapshotSource Stored, byte[] Sha256)?> OpenNewestAsync(CancellationToken cancellationToken)
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
                await using StreamedBody first = StreamedBody.Of(await node.Snapshots.OpenAsync(stored[0].Id));
                byte[] sha256 = await ReprDigest.OfAsync(stream => first.WriteAsync(stream, cancellationToken));
                return (await node.Snapshots.OpenAsync(stored[0].Id), sha256);
            }
            catch (StoreException failure) when (failure is not CorruptStoreException && attempt < AttemptsMax)
            {
                // It gave way to a newer one.
            }
        }
    }

    private static Answer Streamed(ulong index, byte[] sha256, StreamedBody body) => new(200, "application/x-ndjson", default)
    {
        Stream = body,
        ReprDigest = ReprDigest.Format(sha256),
        RaftIndex = index.ToString(CultureInfo.InvariantCulture),
    };
}
