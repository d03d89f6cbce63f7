namespace Raft.Tests.Interop;

/// <summary>An entry with all that the log has of it but its time.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Term">Its term.</param>
/// <param name="Type">Its type.</param>
/// <param name="Data">Its data, in hexadecimal digits, or <see cref="Nil"/>.</param>
/// <param name="Extensions">Its extensions, likewise.</param>
internal sealed record ShownEntry(ulong Index, ulong Term, LogType Type, string Data, string Extensions)
{
    /// <summary>What Go knows beside bytes, and beside none.</summary>
    public const string Nil = "nil";
}
