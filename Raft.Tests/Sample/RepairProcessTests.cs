using System.Text;
using System.Text.Json;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Repair;
using Raft.Stores.Wal;

namespace Raft.Tests.Sample;

/// <summary>Real nodes, one of which has a damaged disk: <c>raftkv repair</c>.</summary>
[TestFixture]
public sealed class RepairProcessTests
{
    private const int Damaged = 1;
    private const int Keys = 60;

    private ProcessCluster _cluster = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _cluster = new ProcessCluster(4, "--store=wal");
        await _cluster.StartAllAsync();
        await _cluster.LeaderAsync();
        for (int i = 0; i < Keys; i++)
        {
            await PutAsync(0, $"key-{i}");
        }

        await _cluster.ConvergeAsync([0, 1, 2]);
    }

    [TearDown]
    public async Task StopAsync() => await _cluster.DisposeAsync();

    [Test]
    public async Task A_voter_whose_log_is_damaged_is_refused_and_comes_back_by_one_command()
    {
        await StopAndDamageAsync();
        string damaged = Segment(_cluster.Data(Damaged));
        byte[] kept = await File.ReadAllBytesAsync(damaged);

        RaftkvProcess refused = _cluster.Begin(Damaged, "node", $"--join={_cluster.Http[0]}");
        Assert.That(await refused.ExitAsync(), Is.EqualTo(3), refused.Errors);
        Assert.That(refused.Errors, Does.Contain($"{damaged} is damaged at offset ").And.Contain("'repair' in the place of 'node'"));
        await PutAsync(2, "meanwhile");

        RaftkvProcess repaired = Repair(via: 0);
        await repaired.ReadyAsync();

        await VotesAsync();
        await _cluster.ConvergeAsync([0, 1, 2]);
        string aside = Directory.GetDirectories(Path.GetDirectoryName(_cluster.Data(Damaged))!, "n2.damaged-*").Single();
        Assert.That(await File.ReadAllBytesAsync(Segment(aside)), Is.EqualTo(kept));
        Assert.That(repaired.Output, Does.Match(
            "raftkv repair: n2: damaged: .* is damaged at offset [0-9]+: .*\\s+raftkv repair: n2: it was removed by entry [0-9]+\\s+"
            + "raftkv repair: n2: its data are set aside: .*n2\\.damaged-[0-9]{8}T[0-9]{6}Z\\s+raftkv repair: n2: it joins anew by http"));
    }

    [Test]
    public async Task A_repair_that_was_interrupted_is_finished_by_the_same_command_wherever_that_was()
    {
        // Behind the removal: no node starts there, however whole its data look.
        Assert.That(await _cluster.TerminateAsync(Damaged), Is.Zero);
        await RemoveAsync();
        await BeginAsync();
        await NotFoundedAsync("its repair was begun and has not ended");
        RaftkvProcess repaired = Repair(via: 2);
        await repaired.ReadyAsync();
        Assert.That(repaired.Output, Does.Contain("it is no member, which is committed by entry").And.Contain("its data are set aside"));
        await VotesAsync();
        Assert.That(File.Exists(_cluster.Data(Damaged) + ".repair"), Is.False, "it has ended");

        // Behind the renaming: what founded a cluster must not found another.
        await _cluster.TerminateAsync(Damaged);
        await RemoveAsync();
        await BeginAsync();
        Directory.Move(_cluster.Data(Damaged), _cluster.Data(Damaged) + ".damaged-by-hand");
        await NotFoundedAsync("its repair was begun and has not ended");
        repaired = Repair(via: 0);
        await repaired.ReadyAsync();
        await VotesAsync();

        // Behind the first start of the new life, which has a store and no state yet.
        await _cluster.TerminateAsync(Damaged);
        await RemoveAsync();
        await BeginAsync();
        Directory.Delete(_cluster.Data(Damaged), recursive: true);
        await (await NodeStores.OpenAsync("wal", _cluster.Data(Damaged), isRepair: true)).DisposeAsync();
        repaired = Repair(via: 0);
        await repaired.ReadyAsync();
        await VotesAsync();

        // On its way to the vote: it has data again, which are whole.
        await _cluster.TerminateAsync(Damaged);
        await RemoveAsync();
        repaired = Repair(via: 0);
        await repaired.ReadyAsync();
        Assert.That(repaired.Output, Does.Not.Contain("set aside"));
        await VotesAsync();
        await _cluster.ConvergeAsync([0, 1, 2]);

        // And once it votes, there is nothing to repair; nor does an emptied directory found anything beside what was set aside.
        await _cluster.TerminateAsync(Damaged);
        await RefusedAsync(Repair(via: 0), 1, "nothing in ", "is damaged");
        Directory.Delete(_cluster.Data(Damaged), recursive: true);
        await NotFoundedAsync("its cluster was founded long ago");
    }

    [Test]
    public async Task It_is_refused_where_it_would_do_harm_and_nothing_is_changed()
    {
        string data = _cluster.Data(Damaged);
        await RefusedAsync(Repair(via: 0), 3, $"{data} is in use by process {_cluster.ProcessId(Damaged)}");
        await _cluster.TerminateAsync(Damaged);
        await RefusedAsync(Repair(via: 0), 1, "nothing in ", "is damaged (raftkv log verify): start the node as usual");

        Damage(data);
        string copy = data + "-copy";
        CopyDirectory(data, copy);
        string before = StoppedData.HashOf(data);
        await RefusedAsync(Repair(via: 0, $"--data={data}-misspelled"), 1, "holds nothing to repair; is the path right?");
        await RefusedAsync(Repair(via: 0, "--id=n9"), 1, "n9 is no member of the cluster of ", "is that the right one?");
        using (await RepairNote.TakeAsync(data, new RealDisk()))
        {
            await RefusedAsync(Repair(via: 0), 3, $"is in use by process {Environment.ProcessId}");
        }

        await RefusedAsync(Repair(via: 3), 1, $"{_cluster.Http[3]}/ does not answer");
        Assert.That(StoppedData.HashOf(data), Is.EqualTo(before));

        // It runs elsewhere, on other data and addresses than are given.
        Directory.Delete(data, recursive: true);
        await _cluster.StartJoiningAsync(Damaged, via: 0);
        await VotesAsync();
        await RefusedAsync(Repair(via: 0, $"--data={copy}", FreeAddress("raft", 3), FreeAddress("http", 7)), 1, "n2 answers its leader");
        await _cluster.KillAsync(Damaged);
        Directory.Delete(data, recursive: true);
        Directory.Move(copy, data);
        before = StoppedData.HashOf(data);

        await _cluster.KillAsync(2);
        await RefusedAsync(Repair(via: 0), 1, "n2 cannot be removed: bring other voters back");
        Assert.That(StoppedData.HashOf(data), Is.EqualTo(before));

        await _cluster.StartAsync(2);
        RaftkvProcess repaired = Repair(via: 2);
        await repaired.ReadyAsync();
        await VotesAsync();
        await _cluster.ConvergeAsync([0, 1, 2]);
    }

    private static string Segment(string directory) => Directory.GetFiles(directory, "log-*.wal").Order(StringComparer.Ordinal).First();

    private static void Damage(string directory) =>
        StoppedData.Flip(Segment(directory), StoppedData.Find(Segment(directory), $"key-{Keys / 2}"));

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static async Task RefusedAsync(RaftkvProcess repair, int exitCode, params string[] says)
    {
        Assert.That(await repair.ExitAsync(), Is.EqualTo(exitCode), repair.Output + repair.Errors);
        foreach (string part in says)
        {
            Assert.That(repair.Errors, Does.StartWith("raftkv repair: ").And.Contain(part));
        }

        Assert.That(repair.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    /// <summary>An address of the fourth node, which does not run.</summary>
    private string FreeAddress(string option, int port) => option == "raft"
        ? $"--raft=127.0.0.1:{_cluster.RaftPort(port)}" : $"--http={_cluster.Http[port - 4][7..]}";

    private RaftkvProcess Repair(int via, params string[] own) => _cluster.Begin(Damaged, "repair", [$"--via={_cluster.Http[via]}", .. own]);

    private async Task StopAndDamageAsync()
    {
        Assert.That(await _cluster.TerminateAsync(Damaged), Is.Zero);
        Damage(_cluster.Data(Damaged));
    }

    /// <summary>As a repair does before it has anything removed.</summary>
    private async Task BeginAsync()
    {
        using RepairNote note = await RepairNote.TakeAsync(_cluster.Data(Damaged), new RealDisk());
        await note.BeginAsync("n2", ["n1", "n3"]);
    }

    private async Task NotFoundedAsync(string why)
    {
        RaftkvProcess refused = _cluster.Begin(Damaged, "node", $"--peers=n2=127.0.0.1:{_cluster.RaftPort(Damaged)}");
        Assert.That(await refused.ExitAsync(), Is.EqualTo(3), refused.Errors);
        Assert.That(refused.Errors, Does.Contain(why));
    }

    private async Task RemoveAsync()
    {
        await _cluster.LeaderAsync();
        Reply? removed = await _cluster.TrySendAsync(0, "DELETE", "/raft/servers/n2");
        Assert.That(removed?.Status, Is.EqualTo(200), removed?.Text);
    }

    private async Task PutAsync(int node, string key)
    {
        Reply? put = await _cluster.TrySendAsync(node, "PUT", $"/kv/{key}", Encoding.UTF8.GetBytes(key));
        Assert.That(put?.Status, Is.EqualTo(200), put?.Text);
    }

    private Task VotesAsync() => Eventually.HoldsAsync(
        "n2 votes, by its own log and its leader's",
        async () => await IsVoterByAsync(0) && await IsVoterByAsync(Damaged)
            && (await _cluster.TrySendAsync(Damaged, "GET", "/readyz"))?.Status == 200,
        () => _cluster.Said(Damaged), within: TimeSpan.FromSeconds(40));

    private async Task<bool> IsVoterByAsync(int node) => await _cluster.TrySendAsync(node, "GET", "/raft/status") is { } status
        && status.Json.GetProperty("leader").ValueKind == JsonValueKind.Object
        && status.Json.GetProperty("configuration").GetProperty("servers").EnumerateArray()
            .Any(s => s.GetProperty("id").GetString() == "n2" && s.GetProperty("suffrage").GetString() == "Voter");
}
