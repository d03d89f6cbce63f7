using System.Text;
using Raft.Simulation;
using Raft.Simulation.Linearizability;
using Raft.Tests.Support;

namespace Raft.Tests.Simulation;

public sealed class HistoryFileTests
{
    private static readonly HistoryHeader Header = new()
    {
        Seed = 123,
        Commit = "abc",
        Options = new Dictionary<string, string>(StringComparer.Ordinal) { ["nodes"] = "5", ["loss"] = "0.25" },
        InitialValues = new Dictionary<string, long>(StringComparer.Ordinal) { ["k1"] = 9 },
    };

    private const string FirstLine = """{"v":1,"seed":1,"commit":"abc","opts":{},"clock":"virtual100ns"}""" + "\n";

    [Test]
    public void A_history_stands_in_the_file_line_by_line()
    {
        RegisterScript script = new RegisterScript()
            .Put(1, 10, from: 1, to: 2, index: 5).Get(2, 10, from: 3, to: 4).Swap(3, 10, 11, from: 5, to: 6)
            .Put(4, 12, from: 7).RejectedPut(5, 13, from: 8, to: 9, key: "ключ \"x\"");

        string text = Written(Header, script.Operations);

        Assert.That(text, Is.EqualTo("""
            {"v":1,"seed":123,"commit":"abc","opts":{"loss":"0.25","nodes":"5"},"clock":"virtual100ns","init":{"k1":9}}
            {"p":1,"f":"put","k":"k","a":10,"s":10000000,"e":20000000,"i":5}
            {"p":2,"f":"get","k":"k","s":30000000,"e":40000000,"r":10}
            {"p":3,"f":"cas","k":"k","a":10,"b":11,"s":50000000,"e":60000000,"r":1}
            {"p":4,"f":"put","k":"k","a":12,"s":70000000,"e":null}
            {"p":5,"f":"put","k":"\u043A\u043B\u044E\u0447 \u0022x\u0022","a":13,"s":80000000,"e":90000000,"x":true}

            """));
    }

    [Test]
    public void A_history_that_was_written_is_read_back_as_it_was([Range(1, 20)] int seed, [Values] bool isMonotonic)
    {
        HistoryHeader header = Header with { Clock = isMonotonic ? HistoryClock.Monotonic : HistoryClock.Virtual };
        List<RegisterOperation> operations = Random(seed);

        (HistoryHeader readHeader, IReadOnlyList<RegisterOperation> read) = Read(Written(header, operations));

        Assert.That(readHeader with { Options = header.Options, InitialValues = header.InitialValues }, Is.EqualTo(header));
        Assert.That(readHeader.Options, Is.EquivalentTo(header.Options));
        Assert.That(readHeader.InitialValues, Is.EquivalentTo(header.InitialValues));
        Assert.That(read.Select(Fields), Is.EqualTo(operations.Select(Fields)), $"seed {seed}");
    }

    [Test]
    public void Events_of_many_threads_are_read_back_as_operations()
    {
        using var stream = new MemoryStream();
        HistoryHeader header = Header with { Clock = HistoryClock.Monotonic };
        using var writer = new HistoryEventWriter(stream, header, TimeProvider.System);

        Parallel.For(0, 8, client =>
        {
            for (int i = 0; i < 100; i++)
            {
                WrittenOperation operation = writer.Invoke(client, $"k{i % 5}", RegisterCall.Put((client * 1000) + i));
                if (i % 10 == 1)
                {
                    writer.Reject(operation);
                }
                else if (i % 10 != 2)
                {
                    writer.Return(operation, 0, "n1", logIndex: (ulong)i, term: 2);
                }
            }
        });

        IReadOnlyList<RegisterOperation> read = Read(Encoding.UTF8.GetString(stream.ToArray())).Operations;
        Assert.That(read, Has.Count.EqualTo(800));
        Assert.That(read.Count(o => o.Outcome == OperationOutcome.DidNotHappen), Is.EqualTo(80));
        Assert.That(read.Count(o => o.Outcome == OperationOutcome.Unknown), Is.EqualTo(80));
        Assert.That(read.Select(o => o.InvokedAt), Is.Ordered);
        Assert.That(read.Select(o => o.Call).Distinct().Count(), Is.EqualTo(800));
    }

    [Test]
    public void An_event_stands_in_the_file_before_the_call_returns()
    {
        using var stream = new MemoryStream();
        using var writer = new HistoryEventWriter(stream, Header, new VirtualClock());
        WrittenOperation swap = writer.Invoke(client: 4, "k", RegisterCall.CompareAndSwap(expected: 1, value: 2));
        string atInvoke = Encoding.UTF8.GetString(stream.ToArray());
        writer.Return(swap, 1, "n1", logIndex: 5, term: 2);

        Assert.That(atInvoke, Does.EndWith("""
            {"t":"i","id":1,"p":4,"f":"cas","k":"k","a":1,"b":2,"s":10000000}

            """));
        Assert.That(Encoding.UTF8.GetString(stream.ToArray()), Does.EndWith("""
            {"t":"r","id":1,"e":10000001,"r":1,"n":"n1","i":5,"tm":2}

            """));
    }

    [Test]
    public void A_file_that_was_cut_off_anywhere_keeps_every_invoke_before_the_cut()
    {
        using var stream = new MemoryStream();
        using var writer = new HistoryEventWriter(stream, Header, new VirtualClock());
        int head = (int)stream.Length;
        writer.Return(writer.Invoke(client: 1, "k", RegisterCall.Put(10)), 0);
        writer.Return(writer.Invoke(client: 1, "k", RegisterCall.Get()), 10);
        byte[] whole = stream.ToArray();

        for (int length = head; length <= whole.Length; length++)
        {
            string text = Encoding.UTF8.GetString(whole, 0, length);
            string[] lines = [.. text.Split('\n').Where(l => l.EndsWith('}'))];
            int invokes = lines.Count(l => l.Contains("\"t\":\"i\"", StringComparison.Ordinal));
            int ends = lines.Count(l => l.Contains("\"t\":\"r\"", StringComparison.Ordinal));

            IReadOnlyList<RegisterOperation> read = Read(text).Operations;

            Assert.That(read, Has.Count.EqualTo(invokes), $"{length} bytes");
            Assert.That(read.Count(o => o.Outcome == OperationOutcome.Returned), Is.EqualTo(ends), $"{length} bytes");
        }
    }

    [TestCase("", "no header")]
    [TestCase("{\"v\":2}\n", "Line 1 of the history: The format has version 2")]
    [TestCase("{\"v\":1,\"clock\":\"wall\"}\n", "Line 1 of the history: \"wall\" is no known clock")]
    [TestCase("{\"v\":1,\"clock\":\"virtual1", "Line 1 of the history")]
    [TestCase("[]\n", "Line 1 of the history")]
    public void A_file_without_a_header_of_ours_is_refused(string text, string message) =>
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    [TestCase("{\"p\":1,\"f\":\"incr\",\"k\":\"k\",\"s\":1}", "\"incr\" is no known operation")]
    [TestCase("{\"p\":1,\"f\":\"get\",\"k\":\"k\"}", "Line 2")]
    [TestCase("{\"p\":1,\"f\":\"get\",\"s\":1}", "no key")]
    [TestCase("{\"p\":1,\"f\":\"get\",\"k\":\"k\",\"s\":1,\"e\":2}", "without a result")]
    [TestCase("{\"p\":1,\"f\":\"put\",\"k\":\"k\",\"a\":5,\"s\":3,\"e\":2}", "invoked later")]
    [TestCase("{\"t\":\"r\",\"id\":5,\"e\":2}", "Operation 5 returns, but was not invoked before")]
    [TestCase("{\"t\":\"?\"}", "no known event")]
    [TestCase("{\"p\":", "Line 2")]
    public void A_line_that_makes_no_sense_is_refused_and_named(string line, string message) =>
        Assert.That(() => Read($"{FirstLine}{line}\n"), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    private static string Written(HistoryHeader header, IEnumerable<RegisterOperation> operations)
    {
        using var stream = new MemoryStream();
        HistoryFile.Write(stream, header, operations);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static (HistoryHeader Header, IReadOnlyList<RegisterOperation> Operations) Read(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return HistoryFile.Read(stream);
    }

    private static List<RegisterOperation> Random(int seed)
    {
        long next = 0;
        var histories = new RandomHistory<long, RegisterCall, long>(
            new RegisterSpecification(),
            (random, state) => random.Next(3) switch
            {
                0 => RegisterCall.Get(),
                1 => RegisterCall.Put(++next),
                _ => RegisterCall.CompareAndSwap(state, ++next),
            });
        return [.. histories.Make(new Random(seed), 50, $"k{seed}")
            .Select((o, i) => i % 2 == 0 ? o : WithAnswer(o, (ulong)i))];
    }

    private static RegisterOperation WithAnswer(RegisterOperation operation, ulong index)
    {
        if (operation.Outcome != OperationOutcome.Returned)
        {
            return operation;
        }

        var answered = new RegisterOperation(operation.Client, operation.Key, operation.Call, operation.InvokedAt);
        answered.Return(operation.Result, operation.EndedAt!.Value, "n" + (index % 3), index, term: index + 1);
        return answered;
    }

    private static object Fields(RegisterOperation o) =>
        (o.Client, o.Key, o.Call, o.InvokedAt, o.Outcome, o.EndedAt, o.Result, o.Node, o.LogIndex, o.Term);
}
