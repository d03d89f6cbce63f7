namespace Raft.Transport.Tcp.Wire;

/// <summary>
/// The error text by which a server refuses another, before anything of it reaches the node (docs/formats.md). To a Go server it is an
/// error like any other.
/// </summary>
internal static class Refusal
{
    private const string Prefix = "connection refused: ";

    /// <summary>The text on the wire.</summary>
    public static string Text(string reason) => Prefix + reason;

    /// <summary>The reason in an error text; null where it is another error.</summary>
    public static string? ReasonIn(string error) => error.StartsWith(Prefix, StringComparison.Ordinal) ? error[Prefix.Length..] : null;
}
