namespace Raft.Tests.Interop;

/// <summary>An entry as a server of either kind shows it.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Term">Its term.</param>
/// <param name="Type">Its type.</param>
/// <param name="Data">Its data, in hexadecimal digits.</param>
internal sealed record MemberEntry(ulong Index, ulong Term, LogType Type, string Data);
