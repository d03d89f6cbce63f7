using System.Text.Json;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Conversion;

/// <summary>
/// The file that stands in a node's directory from before anything of a conversion is written until all of it is done. As
/// long as it stands, no node starts there; it says which of the two stores counts.
/// </summary>
/// <param name="From">The store that the data comes from.</param>
/// <param name="To">The store that it goes to.</param>
/// <param name="Phase">How far it is.</param>
internal sealed record ConversionMarker(string From, string To, ConversionPhase Phase)
{
    private const string FileName = "convert.json";
    private const string NewFileName = "convert.tmp";
    private const int BytesMax = 64 << 10;

    /// <summary>What a source in the same directory is called: so it is found when the directory is moved.</summary>
    private const string InPlace = ".";

    /// <summary>
    /// The directory of the Go node whose data it is, where <see cref="From"/> is <see cref="StoreNames.Go"/>; null otherwise.
    /// </summary>
    public string? Source { get; init; }

    /// <summary>The command that finishes the conversion.</summary>
    public string Command(string directory) =>
        Source is null ? $"raftkv convert --from {From} --to {To} {directory}"
        : Source == directory ? $"raftkv import --from-go {Source} --to {To}"
        : $"raftkv import --from-go {Source} --data {directory} --to {To}";

    /// <summary>Reads it. Writes nothing.</summary>
    /// <returns>The marker, or null where no conversion is under way.</returns>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public static async ValueTask<ConversionMarker?> ReadAsync(string directory, IDisk disk)
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
            $"{path} says how far a conversion is, and cannot be read; what stands in the directory must be looked at by hand");
    }

    /// <summary>Writes it in the place of the one before: after a power cut there is the old one or this. Durable on return.</summary>
    public ValueTask WriteAsync(string directory, IDisk disk) =>
        DurableFile.ReplaceAsync(directory, FileName, NewFileName, Encode(directory), disk);

    /// <summary>Takes it away, durably.</summary>
    public static async ValueTask RemoveAsync(string directory, IDisk disk)
    {
        await disk.DeleteAsync(Path.Combine(directory, NewFileName));
        await disk.DeleteAsync(Path.Combine(directory, FileName));
        await disk.SyncDirectoryAsync(directory);
    }

    private byte[] Encode(string directory)
    {
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("from"u8, From);
            json.WriteString("to"u8, To);
            json.WriteString("phase"u8, Phase.ToString());
            if (Source is not null)
            {
                json.WriteString("source"u8, Source == directory ? InPlace : Source);
            }

            json.WriteEndObject();
        }

        return text.ToArray();
    }

    private static ConversionMarker? Decode(ReadOnlyMemory<byte> bytes, string directory)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            JsonElement root = json.RootElement;
            return Enum.TryParse(root.GetProperty("phase"u8).GetString(), out ConversionPhase phase) && Enum.IsDefined(phase)
                && root.GetProperty("from"u8).GetString() is { Length: > 0 } from
                && root.GetProperty("to"u8).GetString() is { Length: > 0 } to
                ? new ConversionMarker(from, to, phase) { Source = SourceOf(root, directory) }.Checked()
                : null;
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? SourceOf(JsonElement root, string directory) =>
        !root.TryGetProperty("source"u8, out JsonElement source) ? null
        : source.GetString() is var named && named == InPlace ? directory
        : named;

    private ConversionMarker? Checked() => From == StoreNames.Go == (Source is { Length: > 0 }) ? this : null;
}
