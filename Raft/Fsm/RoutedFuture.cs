namespace Raft.Fsm;

/// <summary>A command that may be sent to the leader, and given up meanwhile while the node still holds it.</summary>
/// <param name="type">What the entry will be for.</param>
/// <param name="data">The command.</param>
/// <param name="extensions">Bytes beside the command; none for Go's nil.</param>
internal abstract class RoutedFuture(LogType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    : ApplyFuture(type, data, extensions)
{
    /// <summary>Whether the caller has been told.</summary>
    public abstract bool IsTold { get; }

    /// <summary>The caller is told, whatever becomes of the command; its outcome is set later or never.</summary>
    public abstract void Expire(Exception why);
}
