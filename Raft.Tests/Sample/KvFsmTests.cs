using System.Text;
using Raft.Fsm.Sample.Kv;
using Raft.Storage;

namespace Raft.Tests.Sample;

/// <summary>The state machine of the sample, command by command.</summary>
public sealed class KvFsmTests
{
    private KvFsm _fsm = new();
    private ulong _index;

    [SetUp]
    public void SetUp()
    {
        _fsm = new KvFsm();
        _index = 0;
    }

    [Test]
    public void Set_gives_a_key_its_value_and_answers_where_it_stands()
    {
        KvResult result = Apply("""{"op":"set","key":"k","value":"v"}""");

        Assert.That(result, Is.EqualTo(new KvResult(KvOutcome.Applied, Index: 1, Term: 3)));
        Assert.That(Value("k"), Is.EqualTo("v"));
    }

    [Test]
    public void A_set_without_a_value_sets_an_empty_one()
    {
        Apply("""{"op":"set","key":"k"}""");

        Assert.That(Value("k"), Is.Empty);
    }

    [Test]
    public void A_value_that_is_no_text_comes_as_base64()
    {
        Apply("""{"op":"set","key":"k","valueBase64":"/wA="}""");

        Assert.That(_fsm.Get("k"), Is.EqualTo(new byte[] { 0xff, 0 }));
    }

    [Test]
    public void Delete_says_whether_there_was_a_value()
    {
        Apply("""{"op":"set","key":"k","value":"v"}""");

        Assert.That(Apply("""{"op":"delete","key":"k"}""").Existed, Is.True);
        Assert.That(Apply("""{"op":"delete","key":"k"}""").Existed, Is.False);
        Assert.That(_fsm.Get("k"), Is.Null);
    }

    [TestCase(null, "null", true)]
    [TestCase(null, "\"a\"", false)]
    [TestCase("a", "null", false)]
    [TestCase("a", "\"a\"", true)]
    [TestCase("a", "\"\\u0061\"", true)]
    [TestCase("a", "\"b\"", false)]
    [TestCase("", "\"\"", true)]
    [TestCase("", "null", false)]
    public void Compare_and_swap_takes_place_only_where_the_value_is_as_expected(string? present, string expected, bool isSwapped)
    {
        if (present is not null)
        {
            Apply($$"""{"op":"set","key":"k","value":"{{present}}"}""");
        }

        KvResult result = Apply($$"""{"op":"cas","key":"k","expected":{{expected}},"value":"new"}""");

        Assert.That(result.Swapped, Is.EqualTo(isSwapped));
        Assert.That(Value("k"), Is.EqualTo(isSwapped ? "new" : present));
    }

    [TestCase("")]
    [TestCase("hello")]
    [TestCase("[]")]
    [TestCase("5")]
    [TestCase("{")]
    [TestCase("{}")]
    [TestCase("""{"op":"incr","key":"k"}""")]
    [TestCase("""{"op":5,"key":"k"}""")]
    [TestCase("""{"op":"set","key":"k","value":5}""")]
    [TestCase("""{"op":"set","key":"k","valueBase64":"%"}""")]
    [TestCase("""{"op":"set","key":"\ud800","value":"v"}""")]
    [TestCase("""{"op":"set","key":"k","value":"v","client":"c","request":-1}""")]
    [TestCase("""{"op":"set","key":"k","value":"v"} more""")]
    public void What_is_no_command_changes_nothing_and_answers_an_error(string data)
    {
        KvResult result = Apply(data);

        Assert.That(result.Outcome, Is.EqualTo(KvOutcome.NotACommand));
        Assert.That(result.Error, Is.Not.Empty);
        Assert.That(_fsm.Count, Is.Zero);
    }

    [Test]
    public void Bytes_that_are_no_UTF_8_are_no_command()
    {
        byte[] data = [.. "{\"op\":\"set\",\"key\":\"k\",\"value\":\""u8, 0xff, .. "\"}"u8];

        Assert.That(Apply(data).Outcome, Is.EqualTo(KvOutcome.NotACommand));
    }

    [Test]
    public void A_repeated_request_is_answered_with_its_first_result_and_not_applied_again()
    {
        KvResult first = Apply("""{"op":"delete","key":"k","client":"c","request":7}""");
        Apply("""{"op":"set","key":"k","value":"v"}""");

        KvResult second = Apply("""{"op":"delete","key":"k","client":"c","request":7}""");

        Assert.That(second, Is.EqualTo(first));
        Assert.That(second.Index, Is.EqualTo(1), "the index of the first");
        Assert.That(Value("k"), Is.EqualTo("v"));
    }

    [Test]
    public void A_request_below_the_last_one_is_superseded()
    {
        Apply("""{"op":"set","key":"k","value":"new","client":"c","request":8}""");

        KvResult result = Apply("""{"op":"set","key":"k","value":"old","client":"c","request":7}""");

        Assert.That(result.Outcome, Is.EqualTo(KvOutcome.Superseded));
        Assert.That(Value("k"), Is.EqualTo("new"));
    }

    [Test]
    public void Clients_number_their_requests_each_for_itself()
    {
        Apply("""{"op":"set","key":"k","value":"a","client":"a","request":8}""");
        Apply("""{"op":"set","key":"k","value":"b","client":"b","request":1}""");

        Assert.That(Value("k"), Is.EqualTo("b"));
    }

    [Test]
    public void Fields_that_nobody_knows_are_passed_over()
    {
        Apply("""{"note":{"a":[1,2]},"op":"set","key":"k","value":"v"}""");

        Assert.That(Value("k"), Is.EqualTo("v"));
    }

    [Test]
    public void The_same_entries_lead_to_the_same_state_and_the_same_answers()
    {
        var random = new Random(4711);
        string[] commands =
        [
            .. Enumerable.Range(0, 2000).Select(_ => random.Next(4) switch
            {
                0 => $$"""{"op":"delete","key":"k{{random.Next(20)}}","client":"c{{random.Next(3)}}","request":{{random.Next(1, 500)}}}""",
                1 => $$"""{"op":"cas","key":"k{{random.Next(20)}}","expected":null,"value":"{{random.Next()}}"}""",
                2 => "nonsense",
                _ => $$"""{"op":"set","key":"k{{random.Next(20)}}","value":"{{random.Next()}}","client":"c{{random.Next(3)}}","request":{{random.Next(1, 500)}}}""",
            }),
        ];
        KvResult[] here = [.. commands.Select(Apply)];
        KvFsm one = _fsm;
        SetUp();

        KvResult[] there = [.. commands.Select(Apply)];

        Assert.That(there, Is.EqualTo(here), "seed 4711");
        Assert.That(
            _fsm.Copy().ToDictionary(p => p.Key, p => Encoding.UTF8.GetString(p.Value)),
            Is.EquivalentTo(one.Copy().ToDictionary(p => p.Key, p => Encoding.UTF8.GetString(p.Value))));
    }

    private KvResult Apply(string data) => Apply(Encoding.UTF8.GetBytes(data));

    private KvResult Apply(byte[] data)
    {
        LogBatch batch = LogBatchBuilder.Single(++_index, term: 3, LogType.Command, data, LogTimestamp.Zero);
        return (KvResult)_fsm.Apply(batch[0])!;
    }

    private string? Value(string key) => _fsm.Get(key) is { } value ? Encoding.UTF8.GetString(value) : null;
}
