using System.Text;
using Raft.Fsm.Sample.Kv;
using Raft.Storage;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>The state as lines of JSON, and back.</summary>
public sealed class KvSnapshotTests
{
    private const string Head = """{"format":"raftkv","version":1,"count":1}""" + "\n";
    private const string Pair = """{"key":"k","value":"v"}""" + "\n";

    private KvFsm _fsm = new();
    private ulong _index;

    [SetUp]
    public void SetUp()
    {
        _fsm = new KvFsm();
        _index = 0;
    }

    [Test]
    public async Task An_empty_state_is_one_line() =>
        Assert.That(await WriteAsync(), Is.EqualTo("""{"format":"raftkv","version":1,"count":0}""" + "\n"));

    [Test]
    public async Task Keys_and_clients_stand_in_the_order_of_their_bytes_each_on_a_line()
    {
        Set("\ud83d\ude00", "a face: above U+FF5E in bytes, below it in UTF-16");
        Set("\uff5e", "x");
        Set("b", "\"\n");
        Set("B", "");
        Apply("""{"op":"set","key":"c","valueBase64":"/wA=","client":"z","request":9223372036854775807}""");
        Apply("""{"op":"delete","key":"none","client":"a","request":1}""");
        Apply("""{"op":"cas","key":"c","expected":null,"value":"x","client":"m","request":2}""");

        // JSON may write a character above U+FFFF as its two escapes; both are the same text.
        string[] lines = (await WriteAsync()).Replace("\\uD83D\\uDE00", "\ud83d\ude00", StringComparison.Ordinal).Split('\n');

        Assert.That(lines, Is.EqualTo(new[]
        {
            """{"format":"raftkv","version":1,"count":5}""",
            """{"key":"B","value":""}""",
            """{"key":"b","value":"\"\n"}""",
            """{"key":"c","valueBase64":"/wA="}""",
            "{\"key\":\"\uff5e\",\"value\":\"x\"}",
            "{\"key\":\"\ud83d\ude00\",\"value\":\"a face: above U+FF5E in bytes, below it in UTF-16\"}",
            """{"client":"a","request":1,"result":{"index":6,"term":3,"existed":false}}""",
            """{"client":"m","request":2,"result":{"index":7,"term":3,"swapped":false}}""",
            """{"client":"z","request":9223372036854775807,"result":{"index":5,"term":3}}""",
            "",
        }));
    }

    [Test]
    [Reference("f04")]
    public async Task A_restored_state_holds_the_same_and_answers_repeated_requests_as_before()
    {
        Set("old", "value");
        Apply("""{"op":"set","key":"\ud83d\ude00","valueBase64":"/wA="}""");
        KvResult deleted = Apply("""{"op":"delete","key":"old","client":"a","request":7}""");
        KvResult swapped = Apply("""{"op":"cas","key":"old","expected":null,"value":"x","client":"b","request":1}""");
        string written = await WriteAsync();
        SetUp();
        Set("gone", "with the state before");
        Apply("""{"op":"delete","key":"gone","client":"other","request":1}""");

        await RestoreAsync(written);

        Assert.That(await WriteAsync(), Is.EqualTo(written));
        Assert.That(_fsm.Get("\ud83d\ude00"), Is.EqualTo(new byte[] { 0xff, 0 }));
        Assert.That(_fsm.Get("gone"), Is.Null);
        Assert.That(Apply("""{"op":"delete","key":"old","client":"a","request":7}"""), Is.EqualTo(deleted));
        Assert.That(Apply("""{"op":"cas","key":"old","expected":null,"value":"x","client":"b","request":1}"""), Is.EqualTo(swapped));
        Assert.That(Apply("""{"op":"set","key":"k","client":"a","request":6}""").Outcome, Is.EqualTo(KvOutcome.Superseded));
    }

    [Test]
    public async Task What_is_applied_while_a_snapshot_is_written_does_not_show_in_it()
    {
        Set("k", "before");
        using IFsmSnapshot snapshot = _fsm.Snapshot();
        Set("k", "after");
        Set("new", "x");
        Apply("""{"op":"delete","key":"k","client":"c","request":1}""");

        using var written = new MemoryStream();
        await snapshot.PersistAsync(written, CancellationToken.None);

        Assert.That(Encoding.UTF8.GetString(written.ToArray()), Is.EqualTo(Head + """{"key":"k","value":"before"}""" + "\n"));
    }

    [Test]
    public async Task A_state_of_many_pages_is_written_and_read_back_whole()
    {
        var random = new Random(4711);
        for (int i = 0; i < 3000; i++)
        {
            Set($"key {random.Next()}", new string('x', random.Next(200)));
        }

        Set("large", new string('"', KvLimits.ValueBytesMax));
        string written = await WriteAsync();
        SetUp();

        await RestoreAsync(written, bytesAtOnce: 1000);

        Assert.That(await WriteAsync(), Is.EqualTo(written), "seed 4711");
    }

    [TestCase("""{"format":"raftkv","note":[1],"version":1,"count":1}""" + "\n" + """{"x":{"key":"no"},"key":"k","value":"v"}""")]
    [TestCase(Head + """{"key":"k","value":"v"}""" + "\r\n" + """{"client":"c","more":1,"request":1,"result":{"index":1,"term":1,"more":[]}}""")]
    public async Task Fields_that_nobody_knows_are_passed_over(string snapshot)
    {
        await RestoreAsync(snapshot);

        Assert.That(Encoding.UTF8.GetString(_fsm.Get("k")!), Is.EqualTo("v"));
    }

    [TestCase("", "line 0: it is empty")]
    [TestCase("hello\n", "line 1")]
    [TestCase("{}\n", "its format is ''")]
    [TestCase("""{"format":"other","version":1,"count":0}""", "its format is 'other'")]
    [TestCase("""{"format":"raftkv","version":2,"count":0}""", "its version is 2; 1 is known here")]
    [TestCase("""{"format":"raftkv","version":1}""", "the count of its keys is missing")]
    [TestCase("""{"format":"raftkv","version":1,"count":-1}""", "the count of its keys is missing")]
    [TestCase("""{"format":"raftkv","version":1,"count":"1"}""", "line 1")]
    [TestCase(Head, "it ends after 0 of 1 keys")]
    [TestCase(Head + """{"key":"k","val""", "line 2")]
    [TestCase(Head + """{"key":"k","value":5}""", "line 2")]
    [TestCase(Head + """{"key":"k","valueBase64":"%"}""", "line 2")]
    [TestCase(Head + """{"value":"v"}""", "line 2: a key is missing")]
    [TestCase(Head + """{"key":"k","value":"v"} {}""", "line 2")]
    [TestCase(Head + Pair + Pair, "line 3: a client is missing")]
    [TestCase(Head + Pair + "\n", "line 3")]
    [TestCase(Head + Pair + """{"client":"c","request":-1}""", "line 3")]
    [TestCase(Head + Pair + """{"client":"c","request":1,"result":5}""", "line 3: a result is an object")]
    [TestCase("""{"format":"raftkv","version":1,"count":2}""" + "\n" + Pair + Pair, "line 3: 'k' is out of order")]
    public async Task Damage_is_told_by_its_line_and_leaves_the_state_as_it_was(string snapshot, string says)
    {
        Set("k", "kept");
        string before = await WriteAsync();

        InvalidDataException damage = Assert.ThrowsAsync<InvalidDataException>(() => RestoreAsync(snapshot))!;

        Assert.That(damage.Message, Does.Contain(says));
        Assert.That(await WriteAsync(), Is.EqualTo(before));
    }

    [Test]
    public void A_line_without_an_end_is_refused_before_it_fills_the_memory()
    {
        var reader = new LineReader(new MemoryStream(new byte[100_000]), lineBytesMax: 70_000);

        Assert.That(
            async () => await reader.NextAsync(CancellationToken.None),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("longer than 70000 bytes"));
    }

    private async Task<string> WriteAsync()
    {
        using IFsmSnapshot snapshot = _fsm.Snapshot();
        using var written = new MemoryStream();
        await snapshot.PersistAsync(written, CancellationToken.None);
        return Encoding.UTF8.GetString(written.ToArray());
    }

    private Task RestoreAsync(string snapshot, int bytesAtOnce = int.MaxValue) =>
        _fsm.RestoreAsync(new Piecemeal(Encoding.UTF8.GetBytes(snapshot), bytesAtOnce), CancellationToken.None);

    private void Set(string key, string value) => Apply(KvCommandEncoding.Encode(
        new KvCommand(KvOperation.Set, key) { Value = Encoding.UTF8.GetBytes(value) }).ToArray());

    private KvResult Apply(string data) => Apply(Encoding.UTF8.GetBytes(data));

    private KvResult Apply(byte[] data) =>
        (KvResult)_fsm.Apply(LogBatchBuilder.Single(++_index, term: 3, LogType.Command, data, LogTimestamp.Zero)[0])!;

    /// <summary>Gives few bytes at a time, as networks do.</summary>
    private sealed class Piecemeal(byte[] bytes, int bytesAtOnce) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesAtOnce)], cancellationToken);
    }
}
