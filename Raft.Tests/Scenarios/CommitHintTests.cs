using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Scenarios;

/// <summary>A server that is started serves what its log store knows to be committed, before it hears a leader (W34).</summary>
public sealed class CommitHintTests
{
    [Test]
    [Reference("a05", "g16")]
    public void W34_A_server_without_a_leader_has_the_state_up_to_what_its_store_knows_to_be_committed_and_no_further()
    {
        using VirtualCluster cluster = AloneOfThree(known: 4);

        cluster.Await("it applied", () => cluster.Servers[0].Fsm.Applied.Count > 0);
        cluster.Pass(TimeSpan.FromSeconds(5));

        VirtualServer server = cluster.Servers[0];
        Assert.That((server.Node!.CommitIndex, server.Node.AppliedIndex, server.Node.LastIndex), Is.EqualTo((4ul, 4ul, 6ul)));
        Assert.That(server.Fsm.Applied.Select(a => a.Index), Is.EqualTo(new[] { 2ul, 3ul, 4ul }));
        Assert.That(server.Node.State, Is.Not.EqualTo(RaftState.Leader));
    }

    [Test]
    public void W34_What_is_known_to_be_committed_is_not_taken_back_after_a_restart()
    {
        using var lone = new LoneFollower();
        lone.Send(LoneFollower.Append("n2", 2, 1, 1, commit: 1, LoneFollower.Entries(2, 2, 2)));
        lone.Cluster.Kill(lone.Server);
        lone.Disk.KnownCommitIndex = 2;
        lone.Cluster.Start(lone.Server);

        LoneFollower.Answer committed = lone.Send(LoneFollower.Append("n3", 3, 1, 1, commit: 1, LoneFollower.Entries(2, 3)));
        Assert.That(committed.Append.Success, Is.False);
        LoneFollower.Answer behind = lone.Send(LoneFollower.Append("n3", 3, 2, 2, commit: 2, LoneFollower.Entries(3, 3)));
        Assert.That(behind.Append.Success);

        Assert.That(lone.Terms, Is.EqualTo(new ulong[] { 1, 2, 3 }));
    }

    [Test]
    public void W34_A_server_that_lacks_entries_which_it_knows_to_be_committed_does_not_start() => Assert.That(
        () => AloneOfThree(known: 40).Dispose(),
        Throws.InstanceOf<StoreException>().With.Message.Contains("40").And.Message.Contains("only reach 6"));

    [Test]
    [Reference("g16")]
    public async Task The_stores_of_the_library_tell_back_the_highest_commit_index_that_they_were_given()
    {
        var disk = new FaultDisk();
        await using (WalStore store = await WalScript.OpenAsync(disk))
        {
            await RequireToldAsync(store.Log);
        }

        await using WalStore opened = await WalScript.OpenAsync(disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));
        Assert.That(((ICommitHint)opened.Log).KnownCommitIndex, Is.EqualTo(2));
        await RequireToldAsync(new InMemoryLogStore());
    }

    private static async Task RequireToldAsync(ILogStore store)
    {
        var hint = (ICommitHint)store;
        Assert.That(hint.KnownCommitIndex, Is.Zero);
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(1, 2, 1), commitIndex: 0));
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(3, 1, 1), commitIndex: 2));
        await store.AppendAsync(TestEntries.Append(TestEntries.Batch(4, 1, 1), commitIndex: 1));
        Assert.That(hint.KnownCommitIndex, Is.EqualTo(2));
    }

    /// <summary>A server of three, with five commands in its log; the others do not run.</summary>
    private static VirtualCluster AloneOfThree(ulong known)
    {
        var cluster = new VirtualCluster(servers: 3);
        VirtualServer server = cluster.Servers[0];
        cluster.Seed(server, term: 2, LoneFollower.Entries(2, 1, 1, 1, 1, 1));
        server.Stores.KnownCommitIndex = known;
        cluster.Start(server);
        return cluster;
    }
}
