using System.Text.Json;
using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Import;

/// <summary>
/// The file in a Go node's directory that says where its data goes, or has gone. Of all stores that were begun, only the one
/// that it names can come to count. It is written only while the Go node's file is whole and locked, or by the import that it names.
/// </summary>
/// <param name="Target">The directory of the store.</param>
/// <param name="To">The name of the store's kind.</param>
/// <param name="IsDone">Whether that store counts, and nothing is left to do.</param>
internal sealed record ImportNote(string Target, string To, bool IsDone)
{
    /// <summary>The file.</summary>
    public const string FileName = "import.json";

    private const string Unfinished = "import.tmp";

    /// <summary>What a target in the same directory is called: so it is found when the directory is moved.</summary>
    private const string InPlace = ".";

    private const int BytesMax = 64 << 10;

    /// <summary>Whether it names a store.</summary>
    public bool Names(string target, string to) => Target == target && To == to;

    /// <summary>Reads it. Changes nothing.</summary>
    /// <returns>The note, or null where no import was begun.</returns>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public static async ValueTask<ImportNote?> ReadAsync(string directory, IDisk disk)
    {
        if (!(await disk.ListAsync(directory)).Contains(FileName))
        {
            return null;
        }

        string path = Path.Combine(directory, FileName);
        await using IDiskFile file = await disk.OpenAsync(path, DiskOpenMode.Existing);
        byte[] bytes = new byte[BytesMax];
        int read = await file.ReadAtAsync(0, bytes);
        return Decode(bytes.AsMemory(0, read), directory) ?? throw new StoreException(
            $"{path} says where the data of the Go node goes, and cannot be read; what stands in the directory must be looked at by hand");
    }

    /// <summary>Writes it in the place of the one before. Durable on return.</summary>
    public ValueTask WriteAsync(string directory, IDisk disk) =>
        DurableFile.ReplaceAsync(directory, FileName, Unfinished, Encode(directory), disk);

    private byte[] Encode(string directory)
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("target"u8, Target == directory ? InPlace : Target);
            json.WriteString("to"u8, To);
            json.WriteBoolean("done"u8, IsDone);
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    private static ImportNote? Decode(ReadOnlyMemory<byte> bytes, string directory)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            JsonElement root = json.RootElement;
            return root.GetProperty("target"u8).GetString() is { Length: > 0 } target
                && root.GetProperty("to"u8).GetString() is { Length: > 0 } to
                ? new ImportNote(target == InPlace ? directory : target, to, root.GetProperty("done"u8).GetBoolean())
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
