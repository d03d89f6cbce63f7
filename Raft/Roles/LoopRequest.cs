using Raft.Fsm;
using Raft.Membership;
using Raft.Storage;

namespace Raft.Roles;

/// <summary>A question to the loop, from any task.</summary>
internal abstract class LoopRequest
{
    /// <summary>The node stops, or the role cannot answer: the caller's outcome.</summary>
    public abstract ICompletion Fail(Exception why);
}

/// <summary>Asks the leader to prove that it still leads; a read waits for the state machine too.</summary>
/// <param name="isRead">Whether the caller wants to read: gate on a committed entry of this term, wait until applied.</param>
internal sealed class ConfirmRequest(bool isRead) : LoopRequest
{
    /// <summary>The caller; gets the index it may read at (0 for a verification).</summary>
    public RequestFuture<ulong> Future { get; } = new();

    /// <summary>Whether the caller wants to read.</summary>
    public bool IsRead { get; } = isRead;

    /// <summary>The commit index when the question was taken. Set by the leader.</summary>
    public ulong CommitIndex { get; set; }

    /// <summary>The question's number. Set by the leader.</summary>
    public ulong Round { get; set; }

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Asks how the node stands.</summary>
internal abstract class StatusRequest : LoopRequest
{
    /// <summary>The caller's outcome.</summary>
    public abstract ICompletion Succeed(RaftStatus status);
}

/// <summary>Asks for a part of how the node stands.</summary>
/// <typeparam name="T">What the caller gets.</typeparam>
/// <param name="part">Takes it from the status.</param>
internal sealed class StatusRequest<T>(Func<RaftStatus, T> part) : StatusRequest
{
    public RequestFuture<T> Future { get; } = new();

    public override ICompletion Succeed(RaftStatus status) => Future.Succeed(part(status));

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Replaces the settings in force.</summary>
/// <param name="config">The new ones, which were validated.</param>
internal sealed class ReloadRequest(ReloadableConfig config) : LoopRequest
{
    public ReloadableConfig Config { get; } = config;

    /// <summary>The caller; hears of it when they are in force.</summary>
    public RequestFuture<bool> Future { get; } = new();

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Asks for a change of the members.</summary>
/// <param name="change">The change.</param>
/// <param name="previousIndex">The configuration that it is meant for, by its entry's index; 0 for whichever is in force.</param>
/// <param name="timeout">How long it may wait until the leader can take it; zero or infinite for ever.</param>
internal sealed class ChangeRequest(ConfigurationChange change, ulong previousIndex, TimeSpan timeout) : LoopRequest
{
    public ConfigurationChange Change { get; } = change;

    public ulong PreviousIndex { get; } = previousIndex;

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>The caller; gets the entry's index once it is applied here.</summary>
    public ApplyFuture Future { get; } = new(LogType.Configuration, default);

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Asks the leader to hand its leadership over.</summary>
/// <param name="target">To whom; empty for whoever is best prepared.</param>
internal sealed class TransferRequest(ServerId target) : LoopRequest
{
    public ServerId Target { get; } = target;

    /// <summary>The caller; gets the server that was told to campaign.</summary>
    public RequestFuture<ServerId> Future { get; } = new();

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Tells a running node that it lost its disk.</summary>
/// <param name="point">The entry that removed it.</param>
internal sealed class RejoinRequest(RejoinPoint point) : LoopRequest
{
    public RejoinPoint Point { get; } = point;

    /// <summary>The caller; hears of it when it is durable.</summary>
    public RequestFuture<ulong> Future { get; } = new();

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Asks to found a cluster on a running node.</summary>
/// <param name="configuration">The founders.</param>
internal sealed class BootstrapRequest(ClusterConfiguration configuration) : LoopRequest
{
    public RequestFuture<ulong> Future { get; } = new();

    public ClusterConfiguration Configuration { get; } = configuration;

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}
