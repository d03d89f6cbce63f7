using System.Buffers;
using System.Text.Json;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// Histories of registers as lines of JSON: a header, then one line an operation. Read back, they can be checked again,
/// and by other checkers.
/// </summary>
/// <remarks>
/// A real process that may be killed writes two lines an operation instead, as they happen: <see cref="HistoryEventWriter"/>.
/// Both forms are read here.
/// </remarks>
internal static class HistoryFile
{
    /// <summary>Writes a whole history.</summary>
    public static void Write(Stream stream, HistoryHeader header, IEnumerable<RegisterOperation> operations)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        var line = new HistoryLineWriter(json, header.Clock);
        line.WriteHeader(header);
        End(stream, buffer, json);
        foreach (RegisterOperation operation in operations)
        {
            line.WriteOperation(operation);
            End(stream, buffer, json);
        }
    }

    /// <summary>Reads a history, in the order of its invokes.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is no history; the message names the line. An incomplete last line is none: its writer was killed, before it
    /// sent the invoke or after the return, and then the outcome counts as unknown.
    /// </exception>
    public static (HistoryHeader Header, IReadOnlyList<RegisterOperation> Operations) Read(Stream stream)
    {
        using var text = new StreamReader(stream, leaveOpen: true);
        string[] lines = text.ReadToEnd().Split('\n');
        var reader = new HistoryReader();
        for (int i = 0; i < lines.Length; i++)
        {
            bool isLast = i == lines.Length - 1;
            try
            {
                if (!isLast || lines[i].Length > 0)
                {
                    reader.Read(lines[i]);
                }
            }
            catch (JsonException) when (isLast && i > 0)
            {
                break;
            }
            catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException
                or FormatException or KeyNotFoundException or ArgumentException)
            {
                throw new InvalidDataException($"Line {i + 1} of the history: {e.Message}", e);
            }
        }

        return reader.Finish();
    }

    /// <summary>Sends what the writer has written as one line.</summary>
    public static void End(Stream stream, ArrayBufferWriter<byte> buffer, Utf8JsonWriter json)
    {
        json.Flush();
        buffer.Write("\n"u8);
        stream.Write(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
        json.Reset();
    }
}
