using System.Text.Json;
using System.Text.Unicode;

namespace Raft.Fsm.Sample.Http;

/// <summary>An entry of the log in the form of the contract.</summary>
internal static class EntryJson
{
    /// <summary>Writes an entry's members.</summary>
    public static void Write(Utf8JsonWriter json, LogEntry entry)
    {
        json.WriteNumber("index"u8, entry.Index);
        json.WriteNumber("term"u8, entry.Term);
        json.WriteString("type"u8, entry.Type.ToString());
        if (Utf8.IsValid(entry.Data.Span))
        {
            json.WriteString("data"u8, entry.Data.Span);
        }
        else
        {
            json.WriteBase64String("dataBase64"u8, entry.Data.Span);
        }
    }
}
