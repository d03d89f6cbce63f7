using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Http;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>Backups that are checked on their way, there and back.</summary>
[TestFixture]
public sealed class BackupTests
{
    private const string Body = "{\"format\":\"raftkv\",\"version\":1,\"count\":1}\n{\"key\":\"k\",\"value\":\"from the fake node\"}\n";

    private SampleServer _server = null!;
    private TemporaryDirectory _directory = null!;
    private string _file = null!;
    private TcpListener _listener = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _directory = new TemporaryDirectory();
        _file = _directory.File("backup");
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n1", new ClusterConfiguration(new Server("n1", "n1:1")));
        await Eventually.HoldsAsync("n1 leads", () => _server.Raft.State == RaftState.Leader);
        await _server.SendAsync("PUT", "/kv/kept", "a value");
        await _server.SendAsync("PUT", "/kv/numbered", "x", ("Raft-Client", "c"), ("Raft-Request", "1"));
    }

    [TearDown]
    public async Task StopAsync()
    {
        _listener.Dispose();
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private string Target => $"http://{_server.Node.Http}";

    [Test]
    public async Task A_backup_stands_beside_its_digest_and_comes_back()
    {
        Assert.That((await RunAsync("backup", Target)).ExitCode, Is.Zero);
        await _server.SendAsync("PUT", "/kv/kept", "overwritten");

        (int exitCode, string output, _) = await RunAsync("restore", Target);

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain($"the cluster holds {_file} since index").And.Not.Contain("only its form"));
        Assert.That((await _server.SendAsync("GET", "/kv/kept")).Text, Is.EqualTo("a value"));
        Assert.That(
            await File.ReadAllTextAsync(_file + ".sha256"),
            Is.EqualTo($"{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_file)))}  backup\n"));
        Assert.That(Directory.GetFiles(_directory.Path), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task A_node_that_is_not_ready_leaves_the_backup_before_as_it_is()
    {
        await using SampleServer blank = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n8", new ClusterConfiguration(new Server("n8", "n8:1"), new Server("n9", "n9:1")));
        (int exitCode, string output, _) = await RunAsync("backup", Target);
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain(": the state at index "));
        byte[] before = await File.ReadAllBytesAsync(_file);

        (exitCode, _, string errors) = await RunAsync("backup", $"http://{blank.Node.Http}");

        Assert.That(exitCode, Is.EqualTo(ExitCodes.Failure));
        Assert.That(errors, Does.Contain("is not ready, so that its state may be old, or empty").And.Contain("no leader is known"));
        Assert.That(await File.ReadAllBytesAsync(_file), Is.EqualTo(before));
        Assert.That((await RunAsync("backup", $"http://{blank.Node.Http}", "--stale")).ExitCode, Is.Zero);
        Assert.That(new FileInfo(_file).Length, Is.LessThan(before.Length));
    }

    [Test]
    public async Task A_bit_that_flipped_anywhere_and_a_file_cut_anywhere_are_refused_before_anything_is_sent()
    {
        await RunAsync("backup", Target);
        byte[] whole = await File.ReadAllBytesAsync(_file);
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await RequireRefusedAsync(flipped, $"bit {bit}");
        }

        for (int length = 0; length < whole.Length; length++)
        {
            await RequireRefusedAsync(whole[..length], $"cut at {length}");
        }

        // A flipped bit of the digest is a file that does not go with it.
        await File.WriteAllBytesAsync(_file, whole);
        StoppedData.Flip(_file + ".sha256", 5);
        Assert.That((await RunAsync("restore", Target)).Errors, Does.Contain($"{_file}.sha256 says"));
    }

    [Test]
    public async Task Without_a_digest_beside_it_the_form_is_checked_and_that_is_said()
    {
        await RunAsync("backup", Target);
        File.Delete(_file + ".sha256");

        (int exitCode, string output, _) = await RunAsync("restore", Target);

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain($"no {_file}.sha256 was beside it, so that only its form was checked"));
    }

    [Test]
    public async Task A_node_tells_the_digest_of_what_it_sends()
    {
        Reply backup = await _server.SendAsync("GET", "/raft/backup");

        Assert.That(backup.Header("Repr-Digest"), Is.EqualTo($"sha-256=:{Convert.ToBase64String(SHA256.HashData(backup.Body))}:"));
    }

    [Test]
    public async Task A_node_that_has_nothing_stored_tells_it_too()
    {
        await using SampleServer blank = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n9", ClusterConfiguration.Empty);

        Reply backup = await blank.SendAsync("GET", "/raft/backup");

        Assert.That(backup.Text, Is.EqualTo("{\"format\":\"raftkv\",\"version\":1,\"count\":0}\n"));
        Assert.That(backup.Header("Repr-Digest"), Is.EqualTo(ReprDigest.Format(SHA256.HashData(backup.Body))));
    }

    [TestCase(null, 200)]
    [TestCase("sha-256=:{0}:", 200)]
    [TestCase("sha-512=:AAAA:, SHA-256=:{0}:", 200)]
    [TestCase("unixsum=:AAAA:", 200)]
    [TestCase("sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:", 400)]
    [TestCase("sha-256=:AAAA:", 400)]
    [TestCase("sha-256={0}", 400)]
    [TestCase("sha-256=:!:", 400)]
    [TestCase("nonsense", 400)]
    public async Task A_body_that_is_not_what_was_sent_is_refused_by_the_node(string? header, int status)
    {
        byte[] body = Encoding.UTF8.GetBytes(Body);
        string? digest = header is null ? null : string.Format(null, header, Convert.ToBase64String(SHA256.HashData(body)));
        string before = (await _server.SendAsync("GET", "/raft/dump")).Text;

        Reply reply = await _server.SendAsync("POST", "/raft/restore", body, digest is null ? [] : [("Repr-Digest", digest)]);

        Assert.That(reply.Status, Is.EqualTo(status), reply.Text);
        Assert.That((await _server.SendAsync("GET", "/raft/dump")).Text, status == 200 ? Is.Not.EqualTo(before) : Is.EqualTo(before));
    }

    [Test]
    public async Task A_connection_that_is_cut_in_the_middle_of_a_restore_changes_nothing()
    {
        string before = (await _server.SendAsync("GET", "/raft/dump")).Text;
        string body = Body.Replace("from", new string('x', 123_457), StringComparison.Ordinal);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPEndPoint.Parse(_server.Node.Http));
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /raft/restore HTTP/1.1\r\nHost: n1\r\nContent-Length: {body.Length + 1}\r\n\r\n{body}"));
            await Eventually.HoldsAsync("all but the last byte has come", () => IsSpooled(body.Length));
            client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await Eventually.HoldsAsync("nothing of it is left", () => !IsSpooled(body.Length));
        Assert.That((await _server.SendAsync("GET", "/raft/dump")).Text, Is.EqualTo(before));
    }

    [TestCase("Content-Length: {0}\r\n", 0, "broke off")]
    [TestCase("Content-Length: {0}\r\nRepr-Digest: sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:\r\n", 1, "what came is not what was sent")]
    [TestCase("Content-Length: 41\r\n", 1, "it ends after 0 of 1 keys")]
    [TestCase("Content-Length: {0}\r\n", 1, null)]
    public async Task A_backup_that_did_not_come_as_it_was_sent_leaves_the_one_before(string headers, int isWhole, string? says)
    {
        await RunAsync("backup", Target);
        string before = await File.ReadAllTextAsync(_file);
        _listener.Start();
        Task serving = ServeAsync(string.Format(null, headers, Body.Length), isWhole == 1 ? Body : Body[..50]);

        (int exitCode, _, string errors) = await RunAsync("backup", $"http://{_listener.LocalEndpoint}", "--stale");
        await serving;

        Assert.That(exitCode, Is.EqualTo(says is null ? 0 : 1), errors);
        Assert.That(errors, says is null ? Is.Empty : Does.Contain(says));
        Assert.That(await File.ReadAllTextAsync(_file), Is.EqualTo(says is null ? Body : before));
        Assert.That(Directory.GetFiles(_directory.Path).Select(Path.GetFileName), Is.EquivalentTo(new[] { "backup", "backup.sha256" }));
        Assert.That((await RunAsync("restore", Target)).ExitCode, Is.Zero, "file and digest go together");
    }

    /// <summary>Whether a node has a body of this length, which no other test has, in a file.</summary>
    private static bool IsSpooled(int length) => Directory.GetFiles(Path.GetTempPath(), "raftkv-*")
        .Any(file => new FileInfo(file) is { Exists: true } spooled && spooled.Length >= length - 8192 && spooled.Length <= length);

    private async Task ServeAsync(string headers, string body)
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        byte[] request = new byte[4096];
        int read = await stream.ReadAsync(request);
        Assert.That(Encoding.ASCII.GetString(request, 0, read), Does.StartWith("GET /raft/backup "));
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{headers}\r\n{body}"));
    }

    private async Task RequireRefusedAsync(byte[] content, string context)
    {
        await File.WriteAllBytesAsync(_file, content);

        (int exitCode, _, string errors) = await RunAsync("restore", "http://127.0.0.1:1");

        Assert.That(exitCode, Is.EqualTo(1), context);
        Assert.That(errors, Does.StartWith($"raftkv restore: {_file} is refused, and nothing was sent: "), context);
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), context);
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string name, string target, params string[] more)
    {
        using var output = new StringWriter { NewLine = "\n" };
        CommandSpec command = BackupCommands.Of(output).Single(c => c.Name == name);
        try
        {
            int exitCode = await command.Run(ParsedOptions.Parse(command, ["--target", target, "--file", _file, .. more])!);
            return (exitCode, output.ToString(), "");
        }
        catch (AdminException failed)
        {
            return (ExitCodes.Failure, output.ToString(), CommandTable.OneLine($"raftkv {name}: {failed.Message}"));
        }
    }
}
