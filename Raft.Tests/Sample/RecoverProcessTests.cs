using System.Text;

namespace Raft.Tests.Sample;

/// <summary>Real nodes, most of whose disks are lost: <c>raftkv recover</c>.</summary>
[TestFixture]
public sealed class RecoverProcessTests
{
    private const int Keys = 40;

    [Test]
    public async Task What_is_left_of_three_nodes_goes_on_alone_and_takes_in_the_others_anew()
    {
        await using var cluster = new ProcessCluster(3, "--store=wal");
        await cluster.StartAllAsync();
        await cluster.LeaderAsync();
        for (int i = 0; i < Keys; i++)
        {
            Reply? put = await cluster.TrySendAsync(0, "PUT", $"/kv/key-{i}", Encoding.UTF8.GetBytes($"value-{i}"));
            Assert.That(put?.Status, Is.EqualTo(200), put?.Text);
        }

        await cluster.ConvergeAsync();
        await cluster.KillAllAsync();
        Directory.Delete(cluster.Data(1), recursive: true);
        Directory.Delete(cluster.Data(2), recursive: true);
        string before = StoppedData.HashOf(cluster.Data(0));

        (int looked, string plan) = await RunAsync("recover", "--data", cluster.Data(0), "--dry-run");
        Assert.That(looked, Is.Zero, plan);
        Assert.That(plan, Does.Contain("stood only on n2, n3").And.Contain($"members from then on: [n1@127.0.0.1:{cluster.RaftPort(0)}]"));
        Assert.That(StoppedData.HashOf(cluster.Data(0)), Is.EqualTo(before));

        (int done, string said) = await RunAsync("recover", "--data", cluster.Data(0), "--yes");
        Assert.That(done, Is.Zero, said);

        await cluster.StartAsync(0);
        Assert.That(await cluster.LeaderAsync(), Is.Zero);
        for (int i = 0; i < Keys; i++)
        {
            Reply? get = await cluster.TrySendAsync(0, "GET", $"/kv/key-{i}");
            Assert.That(get?.Text, Is.EqualTo($"value-{i}"));
        }

        await cluster.StartJoiningAsync(1, via: 0);
        await cluster.StartJoiningAsync(2, via: 0);
        await cluster.ConvergeAsync();
    }

    private static async Task<(int ExitCode, string Text)> RunAsync(params string[] words)
    {
        await using RaftkvProcess command = RaftkvProcess.Run(words);
        return (await command.ExitAsync(), command.Output + command.Errors);
    }
}
