using System.Security.Cryptography.X509Certificates;
using Raft.Fsm.Sample.CommandLine;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Sample;

/// <summary>Nodes as processes of their own, behind mutual TLS.</summary>
[TestFixture]
public sealed class TlsNodeTests
{
    private readonly TestAuthority _authority = new();
    private readonly TemporaryDirectory _directory = new();

    [OneTimeTearDown]
    public void End()
    {
        _directory.Dispose();
        _authority.Dispose();
    }

    [Test]
    [Reference("d03")]
    public async Task Three_nodes_with_certificates_of_one_authority_form_a_cluster_and_a_stranger_gets_no_part_in_it()
    {
        await using var cluster = new ProcessCluster(4, "--cluster-id=blue");
        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => cluster.StartAsync(i, Options(_authority, $"n{i + 1}"))));
        int leader = await cluster.LeaderAsync();
        await Eventually.HoldsAsync(
            "a write is acknowledged", async () => await cluster.TrySendAsync(leader, "PUT", "/kv/a", "1"u8.ToArray()) is { Status: 200 });

        // It asks to be let in over HTTP, which is open; what it needs comes over the raft port, which is not.
        using var stranger = new TestAuthority("another");
        await cluster.StartAsync(3, Options(stranger, "n4"));
        await Eventually.HoldsAsync(
            "the leader says whom it does not speak to",
            () => Enumerable.Range(0, 3).Any(i => cluster.Errors(i).Contains(
                "n4 was dialled at ", StringComparison.Ordinal) && cluster.Errors(i).Contains("unknown authority, 'CN=another'", StringComparison.Ordinal)),
            () => cluster.Errors(leader));

        await cluster.ConvergeAsync([0, 1, 2]);
        Assert.That(await cluster.IndexAsync(3, "appliedIndex"), Is.Zero);
        Assert.That(cluster.Errors(0), Does.Contain("TLS certificate in force: CN=of n1").And.Not.Contain("WITHOUT TLS"));
    }

    [Test]
    public async Task A_certificate_that_cannot_be_used_is_told_before_anything_is_made()
    {
        string data = _directory.File("never");
        string[] words =
        [
            "node", "--id=n1", $"--raft=127.0.0.1:{TestPorts.Take(1)[0]}", $"--http=127.0.0.1:{TestPorts.Take(1)[0]}", $"--data={data}",
            .. Options(_authority, "n2"),
        ];
        await using RaftkvProcess process = RaftkvProcess.Run(words);

        Assert.That(await process.ExitAsync(), Is.EqualTo(ExitCodes.Usage));
        await Eventually.HoldsAsync("it says why", () => process.Errors.Contains('\n'));
        Assert.That(
            process.Errors,
            Does.StartWith("raftkv: --tls-cert, --tls-key and --tls-ca cannot be used: ").And.Contain("names n2, and not this server, n1"));
        Assert.That(process.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists(data), Is.False);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_node_that_listens_to_other_machines_says_loudly_whether_it_asks_nobody_who_he_is(bool hasTls)
    {
        int[] ports = TestPorts.Take(2);
        await using RaftkvProcess process = RaftkvProcess.Start(
        [
            "node", "--id=n1", $"--raft=0.0.0.0:{ports[0]}", $"--advertise=127.0.0.1:{ports[0]}", $"--http=127.0.0.1:{ports[1]}",
            $"--data={_directory.File($"open-{hasTls}")}", "--store=memory", .. hasTls ? Options(_authority, "n1") : [],
        ]);
        await process.ReadyAsync();
        await Eventually.HoldsAsync("it says where it listens", () => process.Errors.Contains("advertised as", StringComparison.Ordinal));

        // A line that comes at all comes right behind that one, and this one later.
        Assert.That(await process.TerminateAsync(), Is.Zero);
        Assert.That(process.Errors.Contains("WITHOUT TLS", StringComparison.Ordinal), Is.EqualTo(!hasTls), process.Errors);
    }

    private string[] Options(TestAuthority authority, string id)
    {
        X509Certificate2 certificate = authority.Issue(id);
        TlsOptions files = authority.Write(_directory, $"{Guid.NewGuid():n}-{id}", certificate);
        return [$"--tls-cert={files.CertificateFile}", $"--tls-key={files.KeyFile}", $"--tls-ca={files.AuthorityFile}"];
    }
}
