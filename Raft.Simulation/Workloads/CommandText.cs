using System.Text;

namespace Raft.Simulation.Workloads;

/// <summary>What a command says, for a human who reads the trace: its text where it is one, else its bytes.</summary>
internal static class CommandText
{
    private const int CharactersMax = 160;
    private const int BytesMax = 40;

    /// <summary>The text of a command.</summary>
    public static string Of(ReadOnlySpan<byte> command) =>
        IsText(command) ? Short(Encoding.UTF8.GetString(command))
        : command.Length <= BytesMax ? Convert.ToHexStringLower(command)
        : $"{Convert.ToHexStringLower(command[..BytesMax])}… ({command.Length} bytes)";

    /// <summary>A text that is not too long.</summary>
    public static string Short(string? text) =>
        text is null ? "null" : text.Length <= CharactersMax ? text : text[..CharactersMax] + "…";

    private static bool IsText(ReadOnlySpan<byte> command) =>
        !command.IsEmpty && System.Text.Unicode.Utf8.IsValid(command) && !command.ContainsAnyInRange((byte)0, (byte)31);
}
