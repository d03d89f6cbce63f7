using Raft.Fsm.Sample.Kv;
using Raft.Stores.Wal;
using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Snapshots from one kind of server to the other: sent, read from each other's directories, and brought in by a user.</summary>
[Category("Interop")]
public sealed class MixedSnapshotTests
{
    private const int Count = 500;

    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [TestCase(true)]
    [TestCase(false)]
    [Reference("M5", "c23")]
    public async Task A_new_server_of_the_other_kind_is_sent_the_leaders_snapshot(bool isGoLeader)
    {
        await using var cluster = new MixedCluster { GoOptions = ["-trailing=20"], Options = ["--trailing-logs=20"] };
        Member leader = isGoLeader ? cluster.AddGo() : cluster.Add();
        await MixedCluster.FoundAsync(leader);
        await cluster.LeaderAsync();
        await leader.WriteManyAsync(Values("first"));
        await leader.SnapshotAsync();

        Member joiner = isGoLeader ? cluster.Add() : cluster.AddGo();
        await joiner.StartAsync();
        await leader.AddVoterAsync(joiner);
        await cluster.ConvergeAsync(leader, joiner);
        ulong received = await joiner.LastSnapshotIndexAsync();
        await joiner.KillAsync();
        await joiner.StartAsync();
        await cluster.LeaderAsync();
        await cluster.ConvergeAsync(leader, joiner);

        Assert.That(received, Is.GreaterThan(Count).And.EqualTo(await leader.LastSnapshotIndexAsync()));
        Assert.That(await joiner.LastSnapshotIndexAsync(), Is.EqualTo(received), "it started from the snapshot that it was sent");
        Assert.That((await joiner.EntriesAsync(1))[0].Index, Is.GreaterThan(1), "and from what came behind it");
    }

    [Test]
    [Reference("M5", "d12")]
    public async Task A_directory_of_ours_is_read_by_Go()
    {
        await using var cluster = new MixedCluster();
        Member writer = await SnapshotAsync(cluster, cluster.Add());
        MemberState written = await writer.StateAsync();
        await writer.KillAsync();
        GoMember reader = cluster.AddGo();
        Copy(Snapshots(writer), Snapshots(reader));

        await reader.StartAsync();

        Assert.That(await reader.StateAsync(), Is.EqualTo(written));
        Assert.That(await reader.LastSnapshotIndexAsync(), Is.GreaterThan(Count));
        Assert.That(await reader.ConfigurationAsync(), Is.EqualTo($"{writer} Voter"));
    }

    [Test]
    [Reference("M5", "d12")]
    public async Task A_directory_of_Go_is_read_by_ours_and_refused_where_a_byte_is_another()
    {
        await using var cluster = new MixedCluster();
        Member writer = await SnapshotAsync(cluster, cluster.AddGo());
        MemberState written = await writer.StateAsync();
        ulong index = await writer.LastSnapshotIndexAsync();
        await writer.KillAsync();
        FileSnapshotStore store = await FileSnapshotStore.OpenAsync(writer.Data);
        SnapshotMeta meta = (await store.ListAsync()).Single();
        var fsm = new KvFsm();
        await fsm.RestoreAsync(await ReadAsync(store, meta.Id), CancellationToken.None);

        string file = Directory.GetFiles(Snapshots(writer), "state.bin", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("value 77\"", "value 78\"", StringComparison.Ordinal));

        Assert.That(meta.Index, Is.EqualTo(index));
        Assert.That(meta.Point.Configuration.ToString(), Does.Contain(writer.ToString()));
        Assert.That(new MemberState(fsm.Count, KvDump.Hash(fsm.Copy())), Is.EqualTo(written));
        Assert.That(() => ReadAsync(store, meta.Id), Throws.TypeOf<CorruptStoreException>().With.Message.Contains("state.bin"));
    }

    [Test]
    [Reference("M5")]
    public async Task A_state_that_a_user_brings_in_through_a_Go_leader_replaces_that_of_all()
    {
        await using var cluster = new MixedCluster();
        GoMember leader = cluster.AddGo();
        Member[] voters = [leader, cluster.Add(), cluster.Add()];
        await MixedCluster.FoundAsync(voters);
        await cluster.MakeLeaderAsync(leader);
        await leader.WriteManyAsync(Values("first"));

        await leader.RestoreAsync("{\"format\":\"raftkv\",\"version\":1,\"count\":1}\n{\"key\":\"only\",\"value\":\"this\"}\n");
        await leader.WriteManyAsync([("more", "behind it")]);
        await cluster.ConvergeAsync(voters);

        Assert.That(await voters[1].ReadAsync("only"), Is.EqualTo("this"));
        Assert.That(await voters[1].StateAsync(), Is.EqualTo(await leader.StateAsync()));
        Assert.That((await leader.StateAsync()).Count, Is.EqualTo(2));
    }

    [Test]
    [Reference("M5")]
    public async Task A_state_is_not_brought_in_through_our_leader_while_a_Go_server_is_a_member()
    {
        await using var cluster = new MixedCluster();
        Member leader = cluster.Add();
        Member[] voters = [leader, cluster.AddGo()];
        await MixedCluster.FoundAsync(voters);
        await cluster.MakeLeaderAsync(leader);
        await leader.WriteManyAsync([("kept", "value")]);

        Reply reply = await Reply.SendAsync(
            leader.Http, "POST", "/raft/restore", "{\"format\":\"raftkv\",\"version\":1,\"count\":0}\n"u8.ToArray());
        await cluster.ConvergeAsync(voters);

        Assert.That((reply.Status, reply.Error), Is.EqualTo((409, "conflict")), reply.Text);
        Assert.That(reply.Text, Does.Contain(voters[1].Id));
        Assert.That(await voters[1].ReadAsync("kept"), Is.EqualTo("value"));
    }

    [Test]
    [Reference("M5")]
    public async Task A_state_that_was_brought_in_while_all_servers_were_ours_reaches_a_Go_server_that_joins()
    {
        await using var cluster = new MixedCluster();
        Member leader = cluster.Add();
        await MixedCluster.FoundAsync(leader);
        await cluster.LeaderAsync();
        await leader.WriteManyAsync(Values("first"));
        Reply reply = await Reply.SendAsync(
            leader.Http, "POST", "/raft/restore",
            "{\"format\":\"raftkv\",\"version\":1,\"count\":1}\n{\"key\":\"only\",\"value\":\"this\"}\n"u8.ToArray());
        await leader.WriteManyAsync([("more", "behind it")]);

        Member go = cluster.AddGo();
        await go.StartAsync();
        await leader.AddVoterAsync(go);
        await cluster.ConvergeAsync(leader, go);

        Assert.That(reply.Status, Is.EqualTo(200), reply.Text);
        Assert.That(await go.StateAsync(), Is.EqualTo(await leader.StateAsync()).And.Property("Count").EqualTo(2));
        Assert.That(await go.ReadAsync("only"), Is.EqualTo("this"));
    }

    private static async Task<Member> SnapshotAsync(MixedCluster cluster, Member server)
    {
        await MixedCluster.FoundAsync(server);
        await cluster.LeaderAsync();
        await server.WriteManyAsync([.. Values("first"), ("odd-\"-key", "\u2028 and \\ and \U0001F600")]);
        await server.SnapshotAsync();
        return server;
    }

    private static async Task<Stream> ReadAsync(FileSnapshotStore store, string id)
    {
        await using ISnapshotSource source = await store.OpenAsync(id);
        var content = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = await source.ReadAsync(buffer)) > 0;)
        {
            content.Write(buffer, 0, read);
        }

        content.Position = 0;
        return content;
    }

    private static string Snapshots(Member server) => Path.Combine(server.Data, "snapshots");

    private static (string Key, string Value)[] Values(string kind) =>
        [.. Enumerable.Range(0, Count).Select(i => ($"{kind}-{i}", $"value {i}"))];

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
