using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>docs/go-migration.md, step by step: a running Go cluster becomes one of this library, and goes back, under writes.</summary>
[Category("Interop")]
public sealed class MigrationTests
{
    private const ulong Near = 64;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [SetUp]
    public void RequireGo() => GoPeerRequired.OrSkip();

    [Test]
    [Reference("M1")]
    public async Task New_servers_take_the_place_of_old_ones_and_give_it_back_and_no_write_is_lost()
    {
        await using var cluster = new MixedCluster { GoOptions = ["-trailing=200"], Options = ["--trailing-logs=200"] };
        Member[] members = [cluster.AddGo(), cluster.AddGo(), cluster.AddGo()];
        await MixedCluster.FoundAsync(members);
        await cluster.LeaderAsync();
        await using var writers = new AcknowledgedWriters(cluster);

        foreach (bool toGo in (bool[])[false, false, false, true, true, true])
        {
            Member leaves = members.First(m => m.IsGo != toGo);
            Member joins = toGo ? cluster.AddGo() : cluster.Add();

            // So that the one that joins is sent it.
            await SnapshotAsync(cluster, members);
            members = await ExchangeAsync(cluster, members, leaves, joins);
            int before = writers.AcknowledgedCount;
            await Eventually.HoldsAsync("writes go on", () => writers.AcknowledgedCount > before + 10, cluster.Dump);
        }

        await writers.StopAsync();
        await cluster.ConvergeAsync(members);
        await cluster.HasMembersAsync(members, [], members);
        Assert.That(members.All(m => m.IsGo), Is.True);
        Assert.That(writers.LostFrom(await ((GoMember)members[0]).PairsAsync()), Is.Empty);
        TestContext.Out.WriteLine(
            $"{writers.AcknowledgedCount} acknowledged writes, 0 lost; the longest time without one: {writers.LongestPause.TotalSeconds:F2} s");
    }

    /// <summary>
    /// Ends the leadership of a server. Go calls it done when the other was told; if an entry was appended meanwhile, that one
    /// is not elected, and is told again. What says that it leads may have ceased to when it is asked to hand over: only who leads
    /// then counts.
    /// </summary>
    private static async Task HandOverAsync(MixedCluster cluster, Member[] members, Member leaves, Member joins)
    {
        string refusal = string.Empty;
        await Eventually.HoldsAsync(
            $"{leaves} does not lead",
            async () =>
            {
                if (await cluster.LeaderAsync([.. members, joins]) != leaves)
                {
                    return true;
                }

                try
                {
                    await leaves.TransferAsync(joins.Id);
                }
                catch (InvalidOperationException refused)
                {
                    refusal = refused.Message;
                }

                return false;
            },
            () => $"{refusal}\n{cluster.Dump()}",
            Deadline);
    }

    /// <summary>Has the leader take a snapshot; Go refuses until it has applied the newest configuration.</summary>
    private static Task SnapshotAsync(MixedCluster cluster, Member[] members) => Eventually.HoldsAsync(
        "a snapshot is taken",
        async () =>
        {
            try
            {
                await (await cluster.LeaderAsync(members)).SnapshotAsync();
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        },
        cluster.Dump);

    [Test]
    [Reference("M2", "M6")]
    public async Task Each_server_is_taken_over_in_place_and_no_write_is_lost()
    {
        await using var cluster = new MixedCluster { GoOptions = ["-trailing=200"], Options = ["--trailing-logs=200"] };
        Member[] members = [cluster.AddGo(), cluster.AddGo(), cluster.AddGo()];
        await MixedCluster.FoundAsync(members);
        await cluster.LeaderAsync();
        await using var writers = new AcknowledgedWriters(cluster);
        await Eventually.HoldsAsync("there is something to take over", () => writers.AcknowledgedCount > 500, cluster.Dump, Deadline);
        await SnapshotAsync(cluster, members);

        for (int i = 0; i < members.Length; i++)
        {
            int before = writers.AcknowledgedCount;
            await HandOverAsync(cluster, members, members[i], members[(i + 1) % members.Length]);
            members[i] = await TakeOverAsync(cluster, members[i]);
            await Eventually.HoldsAsync("writes go on", () => writers.AcknowledgedCount > before + 10, cluster.Dump);
            await CaughtUpAsync(cluster, members, members[i]);
        }

        await writers.StopAsync();
        await cluster.ConvergeAsync(members);
        await cluster.HasMembersAsync(members, [], members);
        GoMember witness = cluster.AddGo();
        await witness.StartAsync();
        await (await cluster.LeaderAsync(members)).AddNonvoterAsync(witness);
        await cluster.ConvergeAsync([.. members, witness]);
        Assert.That(members.Any(m => m.IsGo), Is.False);
        Assert.That(writers.LostFrom(await witness.PairsAsync()), Is.Empty);
        TestContext.Out.WriteLine(
            $"{writers.AcknowledgedCount} acknowledged writes, 0 lost; the longest time without one: {writers.LongestPause.TotalSeconds:F2} s");
    }

    /// <summary>Stops a Go server and starts one of this library with its name, its address and its directory.</summary>
    private static async Task<Member> TakeOverAsync(MixedCluster cluster, Member go)
    {
        await go.TerminateAsync();
        await using RaftkvProcess import = RaftkvProcess.Run("import", "--from-go", go.Data);
        Assert.That(await import.ExitAsync(), Is.Zero, import.Errors);
        Assert.That(import.Output, Does.Contain("took over entries").And.Contains("snapshot"), import.Output);
        Member ours = cluster.Replace(go);
        await ours.StartAsync();
        return ours;
    }

    private static Task CaughtUpAsync(MixedCluster cluster, Member[] members, Member server) => Eventually.HoldsAsync(
        $"{server} catches up",
        async () => await server.LastIndexAsync() + Near >= await (await cluster.LeaderAsync(members)).LastIndexAsync(),
        cluster.Dump,
        Deadline);

    /// <summary>Exchanges one server: join without a vote, catch up, promote, hand over, remove, stop.</summary>
    private static async Task<Member[]> ExchangeAsync(MixedCluster cluster, Member[] members, Member leaves, Member joins)
    {
        await joins.StartAsync();
        Member leader = await cluster.LeaderAsync(members);
        await leader.AddNonvoterAsync(joins);
        await CaughtUpAsync(cluster, members, joins);
        await leader.AddVoterAsync(joins);
        await HandOverAsync(cluster, members, leaves, joins);
        leader = await cluster.LeaderAsync([.. members.Where(m => m != leaves), joins]);
        await leader.RemoveAsync(leaves.Id);
        await leaves.TerminateAsync();
        return [.. members.Where(m => m != leaves), joins];
    }
}
