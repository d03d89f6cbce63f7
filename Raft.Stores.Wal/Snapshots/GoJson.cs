using System.Globalization;
using System.Text;

namespace Raft.Stores.Wal.Snapshots;

/// <summary>Text as Go's encoding/json writes it, which escapes less than .NET does, and more than JSON asks for.</summary>
internal static class GoJson
{
    /// <summary>Appends a string with its quotes.</summary>
    public static StringBuilder AppendGoString(this StringBuilder json, string text)
    {
        json.Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"' or '\\':
                    json.Append('\\').Append((char)rune.Value);
                    break;
                case '\b':
                    json.Append("\\b");
                    break;
                case '\f':
                    json.Append("\\f");
                    break;
                case '\n':
                    json.Append("\\n");
                    break;
                case '\r':
                    json.Append("\\r");
                    break;
                case '\t':
                    json.Append("\\t");
                    break;
                // What HTML would take for markup, and what JavaScript takes for the end of a line.
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    json.Append("\\u").Append(rune.Value.ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    json.Append(rune.ToString());
                    break;
            }
        }

        return json.Append('"');
    }
}
