using System.Text.Json;

namespace Raft.Fsm.Sample.Kv;

/// <summary>Reads what <see cref="KvSnapshot"/>, or another implementation of the contract, wrote; to the end.</summary>
internal sealed class KvSnapshotReader
{
    private readonly KvState? _into;
    private readonly List<SessionEntry> _sessions = [];
    private string? _lastKey;
    private string? _lastClient;

    private KvSnapshotReader(KvState? into) => _into = into;

    /// <summary>Reads a snapshot.</summary>
    /// <param name="snapshot">Its bytes.</param>
    /// <param name="into">Where the state goes; null only checks that it is a snapshot, undamaged.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidDataException">It is none, or damaged: the message says in which line.</exception>
    public static async Task ReadAsync(Stream snapshot, KvState? into, CancellationToken cancellationToken)
    {
        var lines = new LineReader(snapshot, KvLimits.SnapshotLineBytesMax);
        var reader = new KvSnapshotReader(into);
        try
        {
            ReadOnlyMemory<byte> head = await lines.NextAsync(cancellationToken)
                ?? throw new FormatException("it is empty");
            long count = ReadHead(head.Span);
            for (long i = 0; i < count; i++)
            {
                ReadOnlyMemory<byte> pair = await lines.NextAsync(cancellationToken)
                    ?? throw new FormatException($"it ends after {i} of {count} keys");
                reader.ReadPair(pair.Span);
            }

            while (await lines.NextAsync(cancellationToken) is { } client)
            {
                reader.ReadSession(client.Span);
            }

            SessionTable sessions = SessionTable.Of(reader._sessions);
            if (into is not null)
            {
                into.Sessions = sessions;
            }
        }
        catch (Exception damage) when (damage is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"This is no snapshot of raftkv: line {lines.LineNumber}: {damage.Message}", damage);
        }
    }

    private static long ReadHead(ReadOnlySpan<byte> line)
    {
        string? format = null;
        long version = 0;
        long count = -1;
        Utf8JsonReader json = Begin(line);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("format"u8))
            {
                format = JsonFields.NextText(ref json);
            }
            else if (json.ValueTextEquals("version"u8))
            {
                version = NextNumber(ref json);
            }
            else if (json.ValueTextEquals("count"u8))
            {
                count = NextNumber(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        End(ref json);
        Require(format == KvSnapshot.Format, $"its format is '{format}', not '{KvSnapshot.Format}'");
        Require(version == KvSnapshot.Version, $"its version is {version}; {KvSnapshot.Version} is known here");
        Require(count >= 0, "the count of its keys is missing");
        return count;
    }

    private void ReadPair(ReadOnlySpan<byte> line)
    {
        string? key = null;
        byte[] value = [];
        Utf8JsonReader json = Begin(line);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("key"u8))
            {
                key = JsonFields.NextText(ref json);
            }
            else if (json.ValueTextEquals("value"u8))
            {
                value = JsonFields.NextBytes(ref json) ?? [];
            }
            else if (json.ValueTextEquals("valueBase64"u8))
            {
                json.Read();
                value = json.GetBytesFromBase64();
            }
            else
            {
                json.Skip();
            }
        }

        End(ref json);
        Require(key is not null, "a key is missing");
        _lastKey = InOrder(_lastKey, key!);
        _into?.Values.Add(key!, value);
    }

    private void ReadSession(ReadOnlySpan<byte> line)
    {
        string? client = null;
        ulong request = 0;
        var result = new KvResult(KvOutcome.Applied, Index: 0, Term: 0);
        Utf8JsonReader json = Begin(line);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("client"u8))
            {
                client = JsonFields.NextText(ref json);
            }
            else if (json.ValueTextEquals("request"u8))
            {
                json.Read();
                request = json.GetUInt64();
            }
            else if (json.ValueTextEquals("result"u8))
            {
                result = KvResultEncoding.Next(ref json);
            }
            else
            {
                json.Skip();
            }
        }

        End(ref json);
        Require(!string.IsNullOrEmpty(client), "a client is missing");
        _lastClient = InOrder(_lastClient, client!);
        _sessions.Add(new SessionEntry(client!, OpenedAt: 0, request, result.Index, KvResultEncoding.Encode(result)));
    }

    // The order finds names that stand twice, too.
    private static string InOrder(string? before, string name) =>
        before is null || Utf8Order.Instance.Compare(before, name) < 0
            ? name
            : throw new FormatException($"'{name}' is out of order");

    private static Utf8JsonReader Begin(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        Require(json.Read() && json.TokenType == JsonTokenType.StartObject, "it is no JSON object");
        return json;
    }

    // Reading on finds what stands behind the object.
    private static void End(ref Utf8JsonReader json) => Require(!json.Read(), "more follows behind the object");

    private static long NextNumber(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetInt64();
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FormatException(otherwise);
        }
    }
}
