using System.Text.Json;

namespace Raft.Simulation.Linearizability;

/// <summary>The lines of a history file.</summary>
internal sealed class HistoryLineWriter(Utf8JsonWriter json, HistoryClock clock)
{
    public void WriteHeader(HistoryHeader header)
    {
        json.WriteStartObject();
        json.WriteNumber("v"u8, HistoryHeader.Version);
        json.WriteNumber("seed"u8, header.Seed);
        json.WriteString("commit"u8, header.Commit);
        json.WriteStartObject("opts"u8);
        foreach ((string name, string value) in header.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteString("clock"u8, HistoryFields.NameOf(header.Clock));
        json.WriteStartObject("init"u8);
        foreach ((string key, long value) in header.InitialValues.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            json.WriteNumber(key, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>One line for the whole operation.</summary>
    public void WriteOperation(RegisterOperation operation)
    {
        json.WriteStartObject();
        WriteCall(operation);
        if (operation.EndedAt is { } endedAt)
        {
            WriteOutcome(operation, endedAt);
        }
        else
        {
            json.WriteNull("e"u8);
        }

        json.WriteEndObject();
    }

    /// <summary>The first of two lines.</summary>
    public void WriteInvoke(long id, RegisterOperation operation)
    {
        json.WriteStartObject();
        json.WriteString("t"u8, "i"u8);
        json.WriteNumber("id"u8, id);
        WriteCall(operation);
        json.WriteEndObject();
    }

    /// <summary>The second of two lines, which an operation of unknown outcome never gets.</summary>
    public void WriteEnd(long id, RegisterOperation operation)
    {
        json.WriteStartObject();
        json.WriteString("t"u8, "r"u8);
        json.WriteNumber("id"u8, id);
        WriteOutcome(operation, operation.EndedAt!.Value);
        json.WriteEndObject();
    }

    private void WriteCall(RegisterOperation operation)
    {
        json.WriteNumber("p"u8, operation.Client);
        json.WriteString("f"u8, HistoryFields.NameOf(operation.Call.Kind));
        json.WriteString("k"u8, operation.Key);
        if (operation.Call.Kind == RegisterCallKind.Put)
        {
            json.WriteNumber("a"u8, operation.Call.Value);
        }
        else if (operation.Call.Kind == RegisterCallKind.CompareAndSwap)
        {
            json.WriteNumber("a"u8, operation.Call.Expected);
            json.WriteNumber("b"u8, operation.Call.Value);
        }

        json.WriteNumber("s"u8, HistoryFields.ToFile(operation.InvokedAt, clock));
    }

    private void WriteOutcome(RegisterOperation operation, TimeSpan endedAt)
    {
        json.WriteNumber("e"u8, HistoryFields.ToFile(endedAt, clock));
        if (operation.Outcome == OperationOutcome.DidNotHappen)
        {
            json.WriteBoolean("x"u8, value: true);
            return;
        }

        if (operation.Call.Kind != RegisterCallKind.Put)
        {
            json.WriteNumber("r"u8, operation.Result);
        }

        if (operation.Node is { } node)
        {
            json.WriteString("n"u8, node.Value);
        }

        if (operation.LogIndex > 0)
        {
            json.WriteNumber("i"u8, operation.LogIndex);
        }

        if (operation.Term > 0)
        {
            json.WriteNumber("tm"u8, operation.Term);
        }
    }
}
