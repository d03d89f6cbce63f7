using Raft.Mutations;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>What a start makes of stores that a recovery, or a lost snapshot, left behind.</summary>
public sealed class RecoveredLogTests
{
    private static readonly ClusterConfiguration Old = new([new Server("n1", "addr1"), new Server("n2", "addr2")]);
    private static readonly ClusterConfiguration New = new([new Server("n1", "addr1")]);
    private static readonly SnapshotMeta Before = new("before", new SnapshotPoint(4, 2, Old, 1), 10);
    private static readonly SnapshotMeta Recovered = new("recovered", new SnapshotPoint(6, 2, New, 1), 10);

    [Test]
    public async Task A_recovered_server_whose_snapshot_cannot_be_read_does_not_go_back_to_the_members_before()
    {
        var stable = new InMemoryStableStore();
        await stable.SaveAsync(new TermAndVote(3));
        await RecoveryMark.SaveAsync(stable, Recovered.Id);
        InMemoryLogStore log = await LogAsync();

        Assert.That(
            async () => await RecoveredLog.ReadAsync(log, stable, Before, [Recovered, Before], held: default, Mutation.None),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(Recovered.Id));
        RecoveredLog found = await RecoveredLog.ReadAsync(log, stable, Recovered, [Recovered, Before], held: default, Mutation.None);

        Assert.That(found.Configuration.Configuration, Is.EqualTo(New));
    }

    [Test]
    public async Task A_mark_of_a_snapshot_that_never_came_to_be_changes_nothing()
    {
        var stable = new InMemoryStableStore();
        await stable.SaveAsync(new TermAndVote(3));
        await RecoveryMark.SaveAsync(stable, Recovered.Id);

        RecoveredLog found = await RecoveredLog.ReadAsync(await LogAsync(), stable, Before, [Before], held: default, Mutation.None);

        Assert.That(found.Configuration, Is.EqualTo(new IndexedConfiguration(Old, 6)));
    }

    [Test]
    public async Task Of_two_snapshots_at_one_index_only_the_newest_counts_where_they_name_other_members()
    {
        var stable = new InMemoryStableStore();
        await stable.SaveAsync(new TermAndVote(3));
        var older = new SnapshotMeta("older", new SnapshotPoint(6, 2, Old, 6), 10);

        Assert.That(
            async () => await RecoveredLog.ReadAsync(new InMemoryLogStore(), stable, older, [Recovered, older], held: default, Mutation.None),
            Throws.TypeOf<CorruptStoreException>().With.Message.Contains(Recovered.Id));
    }

    private static async Task<InMemoryLogStore> LogAsync()
    {
        var log = new InMemoryLogStore();
        await log.AppendAsync(new LogAppend(
            [Configuration(1, 1), LoneFollower.Entries(2, 1, 1, 2, 2), Configuration(6, 2)], CurrentTerm: 3, CommitIndex: 5));
        return log;
    }

    private static LogSlice Configuration(ulong index, ulong term) => new(LogBatchBuilder.Single(
        index, term, LogType.Configuration, ConfigurationEncoding.Encode(Old), LogTimestamp.Zero));
}
