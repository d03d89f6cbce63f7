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

/// <summary>Asks the leader to prove that it still leads.</summary>
internal abstract class ConfirmRequest : LoopRequest
{
    /// <summary>Whether somebody wants to read: only a committed entry of the leader's term shows what is committed.</summary>
    public abstract bool IsRead { get; }

    /// <summary>The commit index when the question was taken. Set by the leader.</summary>
    public ulong CommitIndex { get; set; }

    /// <summary>The question's number. Set by the leader.</summary>
    public ulong Round { get; set; }

    /// <summary>A majority has confirmed the leader, by answers to what was asked after this question. Called by the loop.</summary>
    public abstract void Confirm(CompletionRunner completions);
}

/// <summary>A caller wants to know whether this server leads.</summary>
internal sealed class VerifyRequest : ConfirmRequest
{
    /// <summary>The caller.</summary>
    public RequestFuture<ulong> Future { get; } = new();

    public override bool IsRead => false;

    public override void Confirm(CompletionRunner completions) => completions.Add(Future.Succeed(0));

    public override ICompletion Fail(Exception why) => Future.Fail(why);
}

/// <summary>Reads, here or on another server, want to know up to where everything is committed.</summary>
/// <param name="asker">The other server; empty for this one.</param>
/// <param name="mayUseLease">Whether a lease will do.</param>
/// <param name="confirmed">Gets the index; called by the loop, quick.</param>
/// <param name="failed">Gets why there is none; called by the task that tells callers.</param>
internal sealed class ReadIndexRequest(ServerId asker, bool mayUseLease, Action<ulong> confirmed, Action<Exception> failed) : ConfirmRequest
{
    /// <summary>The server that asked for it; empty for this one.</summary>
    public ServerId Asker { get; } = asker;

    /// <summary>Whether a lease will do.</summary>
    public bool MayUseLease { get; } = mayUseLease;

    public override bool IsRead => true;

    public override void Confirm(CompletionRunner completions) => confirmed(CommitIndex);

    public override ICompletion Fail(Exception why) => new Refusal(failed, why);

    private sealed class Refusal(Action<Exception> failed, Exception why) : ICompletion
    {
        public void Complete() => failed(why);
    }
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
    public ApplyTask Future { get; } = new(LogType.Configuration, default);

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
