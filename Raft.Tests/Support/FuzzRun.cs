namespace Raft.Tests.Support;

/// <summary>
/// A virtual cluster that is written to while it is troubled, and what must hold of it in the end: the same log and the same
/// sequence of commands everywhere, everything that was acknowledged among them, and entries of one sender only a term.
/// </summary>
internal sealed class FuzzRun : IDisposable
{
    /// <summary>Commands that wait for their outcome at once.</summary>
    private const int Together = 100;

    private readonly List<Task<ApplyResult>> _pending = [];
    private readonly List<string> _acknowledged = [];
    private readonly Dictionary<ulong, ServerAddress> _leaderOf = [];
    private int _written;

    /// <summary>Starts a cluster.</summary>
    /// <param name="servers">All servers.</param>
    /// <param name="seed">Of what is drawn.</param>
    /// <param name="founders">How many of them found the cluster; null for all.</param>
    /// <param name="isAsking">Whether servers ask before they campaign.</param>
    public FuzzRun(int servers, int seed, int? founders = null, bool isAsking = true)
    {
        Random = new Random(seed);
        Cluster = VirtualCluster.Running(
            servers, s => s.Config = s.Config with { PreVoteDisabled = !isAsking }, founders: founders);
        Cluster.Network.Filter = Watch;
    }

    /// <summary>The cluster.</summary>
    public VirtualCluster Cluster { get; }

    /// <summary>Chance.</summary>
    public Random Random { get; }

    /// <summary>How many commands were acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Who leads in the newest term, by its own account; null for nobody.</summary>
    public VirtualServer? Leader => Cluster.Leaders.MaxBy(l => l.Node!.Term);

    /// <summary>Writes so many commands to whoever leads, and lets time pass in which some are answered.</summary>
    public void Write(int commands)
    {
        for (int sent = 0; sent < commands;)
        {
            if (Leader is { } leader && _pending.Count < Together)
            {
                _pending.Add(Cluster.Apply(leader, $"c{++_written}"));
                sent++;
                continue;
            }

            Cluster.Pass(TimeSpan.FromMilliseconds(Random.Next(1, 20)));
            TakeAnswers();
        }
    }

    /// <summary>Does something with the cluster until it succeeds, while commands go on.</summary>
    public void WhileWriting(Func<Task> act)
    {
        Write(50);
        while (true)
        {
            Task done = act();
            while (!done.IsCompleted)
            {
                Write(10);
                Cluster.Pass(TimeSpan.FromMilliseconds(1));
            }

            if (done.IsCompletedSuccessfully)
            {
                return;
            }

            Assert.That(done.Exception!.InnerException, Is.InstanceOf<RaftException>());
            Cluster.Pass(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Cuts some servers off from the others.</summary>
    public void CutOff(params VirtualServer[] group)
    {
        foreach (VirtualServer server in group)
        {
            Cluster.Network.Isolate(server.Address, Cluster.Servers.Except(group).Select(s => s.Address));
        }
    }

    /// <summary>Ends the troubles and looks at the servers that are members, by default all.</summary>
    public void Finish(params VirtualServer[] members)
    {
        members = members.Length == 0 ? [.. Cluster.Servers] : members;
        Cluster.Network.Heal();
        Cluster.Network.RequestDelay = null;
        Cluster.Network.AnswerDelay = null;
        Cluster.Await("every command has its outcome", () => _pending.TrueForAll(p => p.IsCompleted));
        TakeAnswers();
        VirtualServer leader = Cluster.AwaitLeader(members);
        Cluster.Run(Cluster.Apply(leader, "last"));
        Cluster.Await("all hold and applied the same", () => members.All(s => s.Node!.LastIndex == members[0].Node!.LastIndex
            && s.Node.AppliedIndex == s.Node.LastIndex && s.Stores.LastIndex == s.Node.LastIndex));

        VirtualServer first = members[0];
        foreach (VirtualServer server in members)
        {
            Assert.That(server.Fsm.Applied, Is.EqualTo(first.Fsm.Applied), $"{server.Id} and {first.Id}");
            Assert.That(
                server.Stores.Entries.Select(e => Convert.ToHexString(e.Encoded.Span)),
                Is.EqualTo(first.Stores.Entries.Select(e => Convert.ToHexString(e.Encoded.Span))));
        }

        Assert.That(first.Fsm.Applied.Select(a => a.Index), Is.Ordered.And.Unique);
        Assert.That(first.Fsm.Applied.Select(a => a.Term), Is.Ordered);
        HashSet<string> applied = [.. first.Fsm.Applied.Select(a => a.Command)];
        Assert.That(applied, Has.Count.EqualTo(first.Fsm.Applied.Count), "no command is applied twice");
        Assert.That(_acknowledged.Where(c => !applied.Contains(c)), Is.Empty, "what was acknowledged is there");
    }

    public void Dispose() => Cluster.Dispose();

    private void TakeAnswers()
    {
        _acknowledged.AddRange(_pending.Where(p => p.IsCompletedSuccessfully).Select(p => (string)p.Result.Response!));
        foreach (Task<ApplyResult> failed in _pending.Where(p => p.IsFaulted))
        {
            Assert.That(failed.Exception!.InnerException, Is.InstanceOf<RaftException>());
        }

        _pending.RemoveAll(p => p.IsCompleted);
    }

    private bool Watch(ServerAddress from, ServerAddress to, RpcRequest request)
    {
        if (request is AppendEntriesRequest append)
        {
            Assert.That(append.Leader, Is.EqualTo(from), "who sends entries says that it leads");
            Assert.That(_leaderOf.TryAdd(append.Term, from) || _leaderOf[append.Term] == from, Is.True, $"term {append.Term} has two leaders");
        }

        return true;
    }
}
