using System.Text.Json;

namespace Raft.Simulation.Linearizability;

/// <summary>Puts a history together from the lines of its file.</summary>
internal sealed class HistoryReader
{
    private readonly List<RegisterOperation> _operations = [];
    private readonly Dictionary<long, RegisterOperation> _byId = [];
    private HistoryHeader? _header;

    /// <summary>Takes the next line.</summary>
    public void Read(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement fields = document.RootElement;
        if (_header is null)
        {
            _header = ReadHeader(fields);
            return;
        }

        switch (Text(fields, "t"))
        {
            case null:
                RegisterOperation operation = ReadCall(fields);
                _operations.Add(operation);
                ReadOutcome(fields, operation);
                break;
            case "i":
                RegisterOperation invoked = ReadCall(fields);
                _byId.Add(fields.GetProperty("id").GetInt64(), invoked);
                _operations.Add(invoked);
                break;
            case "r":
                long id = fields.GetProperty("id").GetInt64();
                if (!_byId.TryGetValue(id, out RegisterOperation? returned))
                {
                    throw new InvalidDataException($"Operation {id} returns, but was not invoked before.");
                }

                ReadOutcome(fields, returned);
                break;
            case var other:
                throw new InvalidDataException($"\"{other}\" is no known event.");
        }
    }

    /// <summary>The history, in the order of its invokes.</summary>
    public (HistoryHeader Header, IReadOnlyList<RegisterOperation> Operations) Finish() =>
        (_header ?? throw new InvalidDataException("The history has no header."), [.. _operations.OrderBy(o => o.InvokedAt)]);

    private static HistoryHeader ReadHeader(JsonElement fields)
    {
        int version = fields.GetProperty("v").GetInt32();
        if (version != HistoryHeader.Version)
        {
            throw new InvalidDataException($"The format has version {version}; only {HistoryHeader.Version} is known.");
        }

        return new HistoryHeader
        {
            Seed = Number(fields, "seed") ?? 0,
            Commit = Text(fields, "commit") ?? "",
            Clock = HistoryFields.ClockOf(Text(fields, "clock")),
            Options = Members(fields, "opts").ToDictionary(m => m.Name, m => m.Value.ToString()),
            InitialValues = Members(fields, "init").ToDictionary(m => m.Name, m => m.Value.GetInt64()),
        };
    }

    private RegisterOperation ReadCall(JsonElement fields) => new(
        fields.GetProperty("p").GetInt32(),
        Text(fields, "k") ?? throw new InvalidDataException("The operation has no key."),
        HistoryFields.CallOf(Text(fields, "f"), Number(fields, "a") ?? 0, Number(fields, "b") ?? 0),
        HistoryFields.FromFile(fields.GetProperty("s").GetInt64(), _header!.Clock));

    private void ReadOutcome(JsonElement fields, RegisterOperation operation)
    {
        TimeSpan? endedAt = Number(fields, "e") is { } time ? HistoryFields.FromFile(time, _header!.Clock) : null;
        if (fields.TryGetProperty("x", out JsonElement rejected) && rejected.GetBoolean())
        {
            operation.Reject(endedAt ?? operation.InvokedAt);
        }
        else if (endedAt is { } at)
        {
            long? result = operation.Call.Kind == RegisterCallKind.Put ? 0 : Number(fields, "r");
            operation.Return(
                result ?? throw new InvalidDataException("The operation returned without a result."),
                at,
                Text(fields, "n") is { } node ? new ServerId(node) : (ServerId?)null,
                logIndex: Index(fields, "i"),
                term: Index(fields, "tm"));
        }
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out JsonElement value) ? value.EnumerateObject() : default;

    private static string? Text(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static long? Number(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetInt64() : null;

    private static ulong Index(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetUInt64() : 0;
}
