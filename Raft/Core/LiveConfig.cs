namespace Raft.Core;

/// <summary>
/// The settings in force: those that the node was started with, as far as none were reloaded since. Replaced by the loop,
/// read by every task; each look may see newer ones.
/// </summary>
internal sealed class LiveConfig(RaftConfig config)
{
    private volatile RaftConfig _current = config;

    /// <summary>The settings now. Immutable: hold on to it where several must belong together.</summary>
    public RaftConfig Current
    {
        get => _current;
        set => _current = value;
    }
}
