using Raft.Core;
using Raft.Routing;
using Raft.Tests.Support;
using Raft.Timing;

namespace Raft.Tests.Routing;

/// <summary>How long a leader that was asked is waited for.</summary>
[TestFixture]
public sealed class LeaderPatienceTests
{
    private const ulong Term = 5;

    private static readonly Server Asked = new("n2", "127.0.0.1:2");
    private static readonly RaftConfig Config = new() { LocalId = "n1", LeaderWaitTimeout = TimeSpan.FromSeconds(5) };

    private readonly VirtualClock _clock = new();
    private readonly NodeBoard _board = new() { Term = Term, State = RaftState.Follower, Leader = new LeaderView(Asked.Id, Asked.Address) };

    private LeaderPatience Begin(CancellationToken stopping = default) =>
        new(new NodeClock(_clock), _board, Config, Asked.Id, Term, stopping);

    [Test]
    public void A_leader_that_still_leads_is_waited_for_as_long_as_was_set()
    {
        using LeaderPatience patience = Begin();

        _clock.Advance(Config.LeaderWaitTimeout - Config.HeartbeatTimeout);
        Assert.That(patience.Over.IsCancellationRequested, Is.False);
        _clock.Advance(Config.HeartbeatTimeout);

        Assert.That(patience.Over.IsCancellationRequested, Is.True);
    }

    [Test]
    public void Once_another_leads_it_is_waited_for_about_a_heartbeat_timeout()
    {
        using LeaderPatience patience = Begin();
        _board.Term = Term + 1;
        _board.Leader = new LeaderView("n3", "127.0.0.1:3");

        _clock.Advance(Config.HeartbeatTimeout / 2);
        Assert.That(patience.Over.IsCancellationRequested, Is.False);
        _clock.Advance(Config.HeartbeatTimeout);

        Assert.That(patience.Over.IsCancellationRequested, Is.True);
    }

    [Test]
    public void A_leader_that_was_elected_again_is_not_given_up()
    {
        using LeaderPatience patience = Begin();
        _board.Term = Term + 1;
        _board.Leader = LeaderView.None;
        _clock.Advance(Config.HeartbeatTimeout);
        _board.Leader = new LeaderView(Asked.Id, Asked.Address);

        _clock.Advance(2 * Config.HeartbeatTimeout);

        Assert.That(patience.Over.IsCancellationRequested, Is.False);
    }

    [Test]
    public void This_server_that_leads_now_waits_for_no_other()
    {
        using LeaderPatience patience = Begin();
        _board.Term = Term + 1;
        _board.State = RaftState.Leader;
        _clock.Advance(2 * Config.HeartbeatTimeout);

        Assert.That(patience.Over.IsCancellationRequested, Is.True);
    }

    [Test]
    public void Nobody_waits_behind_the_nodes_stop()
    {
        using var stopping = new CancellationTokenSource();
        using LeaderPatience patience = Begin(stopping.Token);

        stopping.Cancel();

        Assert.That(patience.Over.IsCancellationRequested, Is.True);
    }
}
