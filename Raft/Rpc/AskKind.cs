namespace Raft.Rpc;

/// <summary>Whom a question is for (<see cref="AskRequest.Kind"/>). Part of the wire.</summary>
internal enum AskKind
{
    /// <summary>The application, or nobody: whether the server knows questions at all.</summary>
    Application = 0,

    /// <summary>The leader: up to where everything is committed.</summary>
    ReadIndex = 1,

    /// <summary>The leader: to append commands, and say where.</summary>
    Append = 2,
}
