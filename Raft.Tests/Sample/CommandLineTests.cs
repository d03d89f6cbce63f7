using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.Cluster;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;
using Raft.Stores.LiteDb;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>What the command line takes, and what it says to what it does not take.</summary>
public sealed class CommandLineTests
{
    private const string Node = "node --id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data no-such-directory";
    private const string Repair = "repair --id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data no-such-directory";

    [TestCase("nonsense", "there is no command 'nonsense'")]
    [TestCase("log", "raftkv log: what is to be done is missing; give log list, log show, log verify, log diff (see raftkv log --help)")]
    [TestCase("log nonsense --data d", "raftkv log: there is no 'nonsense'; give log list")]
    [TestCase("log list", "raftkv log list: missing --data DIR")]
    [TestCase("log list --data a --data b", "raftkv log list: --data stands twice")]
    [TestCase("log show --data d --from -1", "--from is '-1'; give an index")]
    [TestCase("log diff --data d", "raftkv log diff: missing --with DIR")]
    [TestCase("log verify --data no-such-directory", "no-such-directory holds no store")]
    [TestCase("add --target http://127.0.0.1:8001", "raftkv add: missing --id ID, --address HOST:PORT")]
    [TestCase("add --target http://127.0.0.1:8001 --id n4 --address n4", "--address is 'n4'; give HOST:PORT")]
    [TestCase("add --target http://127.0.0.1:8001 --id n4 --address 0.0.0.0:7004", "--address is 0.0.0.0:7004, which nobody can dial")]
    [TestCase("add --target http://127.0.0.1:8001 --id n4 --address a:1 --suffrage full", "--suffrage is 'full'; give Voter or Nonvoter")]
    [TestCase("demote --target n1 --id n4", "--target is 'n1'; give http://HOST:PORT")]
    [TestCase("remove --target http://127.0.0.1:8001/kv --id n4", "--target is 'http://127.0.0.1:8001/kv'")]
    [TestCase("transfer", "raftkv transfer: missing --target URL")]
    [TestCase("snapshot --id n1", "raftkv snapshot: there is no option --id")]
    [TestCase("backup --target http://127.0.0.1:8001", "raftkv backup: missing --file FILE")]
    [TestCase("backup --target http://127.0.0.1:8001 --file no/such/directory/f", "--file no/such/directory/f cannot be used")]
    [TestCase("restore --target http://127.0.0.1:8001 --file no-such-file", "--file no-such-file cannot be used")]
    [TestCase("node", "missing --id ID, --raft HOST:PORT, --http HOST:PORT, --data DIR")]
    [TestCase("node --id", "--id needs a value")]
    [TestCase("node --id=", "--id needs a value")]
    [TestCase("node --id --raft 127.0.0.1:7001", "--id needs a value")]
    [TestCase("node n1", "'n1' is no option")]
    [TestCase(Node + " --peer n1=a:1", "there is no option --peer; did you mean --peers?")]
    [TestCase(Node + " --id n2", "--id stands twice")]
    [TestCase("node --id n1 --raft 7001 --http 127.0.0.1:8001 --data d", "--raft is '7001'; give HOST:PORT")]
    [TestCase("node --id n1 --raft 127.0.0.1:70001 --http 127.0.0.1:8001 --data d", "--raft is '127.0.0.1:70001'")]
    [TestCase("node --id n1 --raft ::1:7001 --http 127.0.0.1:8001 --data d", "--raft is '::1:7001'")]
    [TestCase("node --id n1 --raft 127.0.0.1:0 --http 127.0.0.1:8001 --data d", "--raft has port 0")]
    [TestCase("node --id n1 --raft 0.0.0.0:7001 --http 127.0.0.1:8001 --data d", "name the one that others dial with --advertise")]
    [TestCase("node --id n1 --raft [::]:7001 --http 127.0.0.1:8001 --data d", "name the one that others dial with --advertise")]
    [TestCase("node --id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:7001 --data d", "--raft and --http are the same address")]
    [TestCase(Node + " --advertise 0.0.0.0:7001", "--advertise is 0.0.0.0:7001, which nobody can dial")]
    [TestCase(Node + " --advertise 127.0.0.1:0", "--advertise is 127.0.0.1:0, which nobody can dial")]
    [TestCase(Node + " --peers n1", "--peers holds 'n1'; give ID=HOST:PORT")]
    [TestCase(Node + " --peers n1=127.0.0.1:0", "--peers holds 'n1=127.0.0.1:0'")]
    [TestCase(Node + " --peers n1=127.0.0.1:1,n1=127.0.0.1:2", "the id n1 stands twice")]
    [TestCase(Node + " --peers n1=127.0.0.1:1,n2=127.0.0.1:1", "the address 127.0.0.1:1 stands twice")]
    [TestCase(Node + " --peers n2=127.0.0.1:1,n3=127.0.0.1:2", "--peers does not name this node, n1")]
    [TestCase(Node + " --store disk", "--store is 'disk'; give wal or litedb or memory")]
    [TestCase(Node + " --join 127.0.0.1:8002", "--join is '127.0.0.1:8002'; give http://HOST:PORT")]
    [TestCase(Node + " --join http://127.0.0.1:8001", "--join names this node itself")]
    [TestCase(Node + " --join http://127.0.0.1:8002 --peers n1=a:1", "--peers founds a cluster and --join enters one that runs")]
    [TestCase(Node + " --snapshot-threshold 0", "--snapshot-threshold is '0'")]
    [TestCase(Node + " --snapshot-interval-ms 1", "--snapshot-interval-ms is '1'; give a whole number from 5")]
    [TestCase(Node + " --trailing-logs -1", "--trailing-logs is '-1'")]
    [TestCase(Node + " --tls-cert a.pem", "--tls-key and --tls-ca are missing; give all of --tls-cert, --tls-key and --tls-ca, or none")]
    [TestCase(Node + " --tls-cert a.pem --tls-ca b.pem", "--tls-key is missing; give all of")]
    [TestCase(Node + " --cluster-id grün", "--cluster-id is 'grün'; give 1 to 64 printable ASCII characters without spaces")]
    [TestCase("bench --tls maybe", "--tls is 'maybe'; give off or on or both")]
    [TestCase(Node + " --heartbeat-ms 1", "--heartbeat-ms is '1'; give a whole number from 5")]
    [TestCase(Node + " --heartbeat-ms -5", "--heartbeat-ms is '-5'")]
    [TestCase(Node + " --heartbeat-ms 500 --election-ms 400", "--election-ms is below --heartbeat-ms")]
    [TestCase(Node + " --heartbeat-ms 500 --lease-ms 600", "--lease-ms is above --heartbeat-ms")]
    [TestCase(Node + " --max-append-entries 2000", "--max-append-entries is '2000'; give a whole number from 1 to 1024")]
    [TestCase(Node + " --snapshot-threshold x", "--snapshot-threshold is 'x'")]
    [TestCase(Node + " --remove-dead-after-ms 1000", "--remove-dead-after-ms is what an autopilot does; give --autopilot on as well")]
    [TestCase(Node + " --autopilot on --remove-dead-after-ms 1999", "--remove-dead-after-ms is below two heartbeat timeouts, in which nothing need be heard; give far more than a restart takes")]
    [TestCase(Node + " --pre-vote yes", "--pre-vote is 'yes'; give on or off")]
    [TestCase(Node + " --log-level loud", "--log-level is 'loud'; give trace, debug")]
    [TestCase(Node + " --log-level 2", "--log-level is '2'")]
    [TestCase("--nodes 0", "raftkv cluster: --nodes is '0'")]
    [TestCase("cluster --raft-base-port 8001", "give 3 nodes the same ports")]
    [TestCase("cluster --http-base-port 65535", "--http-base-port is '65535'")]
    [TestCase("cluster --store disk", "--store is 'disk'; give wal or litedb or memory")]
    [TestCase("repair", "raftkv repair: missing --via URL, --id ID, --raft HOST:PORT, --http HOST:PORT, --data DIR")]
    [TestCase(Repair, "raftkv repair: missing --via URL")]
    [TestCase(Repair + " --via n1", "--via is 'n1'; give http://HOST:PORT")]
    [TestCase(Repair + " --via http://127.0.0.1:8001", "--via names this node itself")]
    [TestCase(Repair + " --via http://127.0.0.1:8002 --join http://127.0.0.1:8002", "--join is not for a repair")]
    [TestCase(Repair + " --via http://127.0.0.1:8002 --peers n1=a:1", "--peers is not for a repair")]
    [TestCase(Repair + " --via http://127.0.0.1:8002 --store memory", "--store memory keeps nothing that could be damaged")]
    [TestCase(Repair + " --via http://127.0.0.1:8002 --force=yes", "--force takes no value")]
    [TestCase("recover", "raftkv recover: missing --data [ID=]DIR")]
    [TestCase("recover --data no-such-directory --dry-run", "no-such-directory holds no store")]
    [TestCase("recover --data d --dry-run --yes", "--dry-run changes nothing and --yes does what it says")]
    [TestCase("convert", "missing --from NAME, --to NAME, DIR")]
    [TestCase("convert --from wal d", "missing --to NAME")]
    [TestCase("convert --from wal --to wal d", "--from and --to are both wal")]
    [TestCase("convert --from wal --to memory d", "--to is 'memory'; give wal or litedb")]
    [TestCase("convert --from wal --to litedb d e", "'e' is no option")]
    [TestCase("convert --from wal --to litedb no-such-directory", "no-such-directory holds no store")]
    [TestCase("import", "missing --from-go DIR")]
    [TestCase("import --from-go d --to memory", "--to is 'memory'; give wal or litedb")]
    [TestCase("import --from-go no-such-directory", "no-such-directory holds no raft.db; give the directory of a Go node")]
    [TestCase("bench --concurrency many", "--concurrency is 'many'")]
    [TestCase("status", "missing --target URL")]
    [TestCase("status --target 127.0.0.1:8001", "--target is '127.0.0.1:8001'; give http://HOST:PORT")]
    [TestCase("--http_addr=127.0.0.1:7001 --raft_id=1", "raftkv: missing --raft_addr HOST:PORT, --raft_cluster")]
    public async Task A_wrong_command_line_is_told_what_is_wrong_in_one_line_and_ends_with_2(string line, string says)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        int exitCode = await CommandTable.RunAsync(line.Split(' '), output, errors);

        Assert.That(exitCode, Is.EqualTo(2), errors.ToString());
        Assert.That(errors.ToString(), Does.Contain(says));
        Assert.That(errors.ToString().TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(output.ToString(), Is.Empty);
    }

    [TestCase("--help", "Without a command a cluster is started")]
    [TestCase("cluster --help", "--raft-base-port PORT")]
    [TestCase("node --help", "--peers ID=HOST:PORT,...")]
    [TestCase("bench --help", "--payload BYTES")]
    [TestCase("status --help", "--target URL")]
    [TestCase("add --help", "--suffrage Voter|Nonvoter")]
    [TestCase("demote --help", "--id ID")]
    [TestCase("remove --help", "--id ID")]
    [TestCase("transfer --help", "--to ID")]
    [TestCase("snapshot --help", "--target URL")]
    [TestCase("backup --help", "--file FILE")]
    [TestCase("restore --help", "--file FILE")]
    [TestCase("convert --help", "DIR")]
    [TestCase("import --help", "--from-go DIR")]
    [TestCase("repair --help", "--force                          also where nothing is damaged")]
    [TestCase("recover --help", "(may be given several times)")]
    [TestCase("log --help", "raftkv log verify    reads everything")]
    [TestCase("log show --help", "--from INDEX")]
    public async Task Every_command_explains_itself(string line, string says)
    {
        using var output = new StringWriter();

        int exitCode = await CommandTable.RunAsync(line.Split(' '), output, TextWriter.Null);

        Assert.That(exitCode, Is.Zero);
        Assert.That(output.ToString(), Does.Contain(says).And.Not.Contain("stop-with-input"));
    }

    [TestCase(Node + " --store litedb")]
    [TestCase("cluster --store litedb")]
    [TestCase("bench --store litedb")]
    public async Task Without_LiteDB_what_is_missing_is_said_before_anything_is_made(string line)
    {
        if (LiteDbStore.IsAvailable)
        {
            Assert.Ignore("This build has LiteDB.");
        }

        using var errors = new StringWriter();

        int exitCode = await CommandTable.RunAsync(line.Split(' '), TextWriter.Null, errors);

        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors.ToString(), Does.Contain("--store litedb: this build has no LiteDB"));
        Assert.That(errors.ToString().TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists("no-such-directory"), Is.False);
    }

    [Test]
    public void With_LiteDB_it_is_a_store_like_others()
    {
        LiteDbRequired.OrSkip();

        Assert.That(Read("--id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data d --store litedb").Store, Is.EqualTo("litedb"));
    }

    [Test]
    public void A_value_may_follow_behind_a_space_or_an_equals_sign()
    {
        NodeOptions options = Read("--id=n=1 --raft 127.0.0.1:7001 --http=[::1]:8001 --data d --commit-ms=7");

        Assert.That(options.Id, Is.EqualTo("n=1"));
        Assert.That(options.Http, Is.EqualTo(new HostPort("::1", 8001)));
        Assert.That(options.Commit, Is.EqualTo(TimeSpan.FromMilliseconds(7)));
    }

    [Test]
    public void A_node_has_the_defaults_of_the_contract()
    {
        NodeOptions options = Read("--id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data d");

        Assert.That(options, Is.EqualTo(new NodeOptions
        {
            Id = "n1",
            Raft = new HostPort("127.0.0.1", 7001),
            Advertise = new HostPort("127.0.0.1", 7001),
            Http = new HostPort("127.0.0.1", 8001),
            Data = "d",
            Heartbeat = TimeSpan.FromSeconds(1),
            Election = TimeSpan.FromSeconds(1),
            Lease = TimeSpan.FromMilliseconds(500),
            Commit = TimeSpan.FromMilliseconds(50),
            ApplyTimeout = TimeSpan.FromSeconds(5),
        }));
    }

    [Test]
    public void Settings_of_the_snapshots_and_the_member_to_join_by_reach_the_library()
    {
        NodeOptions options = Read(
            "--id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data d --join http://127.0.0.1:8002 "
            + "--snapshot-threshold 100 --snapshot-interval-ms 500 --trailing-logs 0 --max-append-entries 7");

        RaftConfig config = options.RaftConfig(NullLoggerFactory.Instance, _ => default);

        Assert.That(config.SnapshotThreshold, Is.EqualTo(100));
        Assert.That(config.SnapshotInterval, Is.EqualTo(TimeSpan.FromMilliseconds(500)));
        Assert.That(config.TrailingLogs, Is.Zero);
        Assert.That(config.MaxAppendEntries, Is.EqualTo(7));
        Assert.That(options.Join, Is.EqualTo(new Uri("http://127.0.0.1:8002")));
    }

    [Test]
    public void A_wildcard_address_needs_another_to_tell_others()
    {
        NodeOptions options = Read("--id n1 --raft 0.0.0.0:7001 --advertise node1:7001 --http 0.0.0.0:8001 --data d");

        Assert.That(options.Advertise.ToString(), Is.EqualTo("node1:7001"));
    }

    [Test]
    public void One_short_timing_alone_shortens_the_others_to_fit()
    {
        NodeOptions options = Read("--id n1 --raft 127.0.0.1:7001 --http 127.0.0.1:8001 --data d --heartbeat-ms 100");

        Assert.That(options.Lease, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
        Assert.That(options.Election, Is.EqualTo(TimeSpan.FromSeconds(1)));
    }

    [Test]
    [Reference("f01", "f02")]
    public void The_command_line_of_raft_demo_is_taken_unchanged()
    {
        string[] words =
        [
            "--http_addr=127.0.0.1:7001", "--raft_addr=127.0.0.1:7000", "--raft_id=1",
            "--raft_cluster=1/127.0.0.1:7000,2/127.0.0.1:8000,3/127.0.0.1:9000",
        ];
        var command = new CommandSpec("", "", DemoCommand.Options, _ => Task.FromResult(0));

        NodeOptions options = DemoCommand.Read(ParsedOptions.Parse(command, words)!);

        Assert.That(DemoCommand.IsMeant(words), Is.True);
        Assert.That(options.Data, Is.EqualTo(Path.Combine("node", "raft_1")));
        Assert.That(options.Peers, Is.EqualTo(new Server[]
        {
            new("1", "127.0.0.1:7000"), new("2", "127.0.0.1:8000"), new("3", "127.0.0.1:9000"),
        }));
    }

    [Test]
    public void The_nodes_of_a_cluster_have_the_addresses_of_the_contract()
    {
        var command = new CommandSpec("cluster", "", ClusterOptions.Specs, _ => Task.FromResult(0));

        ClusterOptions options = ClusterOptions.Read(ParsedOptions.Parse(command, [])!);

        Assert.That(options.Peers, Is.EqualTo("n1=127.0.0.1:7001,n2=127.0.0.1:7002,n3=127.0.0.1:7003"));
        Assert.That(options.HttpAddress(3), Is.EqualTo("127.0.0.1:8003"));
        Assert.That(options.Directory(2), Is.EqualTo(Path.Combine("./raftkv-data", "n2")));
    }

    private static NodeOptions Read(string line)
    {
        var command = new CommandSpec("node", "", NodeCommand.Options, _ => Task.FromResult(0));
        return NodeCommand.Read(ParsedOptions.Parse(command, line.Split(' '))!);
    }
}
