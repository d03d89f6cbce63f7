using System.Text;
using Raft.Fsm.Sample.Kv;

namespace Raft.Tests.Sample;

/// <summary>What stands in the log, to the letter: nodes of another implementation read it.</summary>
public sealed class KvCommandEncodingTests
{
    private static IEnumerable<TestCaseData> Forms()
    {
        yield return new TestCaseData(
            new KvCommand(KvOperation.Set, "k") { Value = "v"u8.ToArray() }, """{"op":"set","key":"k","value":"v"}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.Set, "k"), """{"op":"set","key":"k","value":""}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.Set, "a/\"ü") { Value = "<&>\n"u8.ToArray() },
            """{"op":"set","key":"a/\"ü","value":"<&>\n"}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.Set, "k") { Value = new byte[] { 0xff, 0 } },
            """{"op":"set","key":"k","valueBase64":"/wA="}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.Delete, "k") { Client = "c", Request = long.MaxValue },
            """{"op":"delete","key":"k","client":"c","request":9223372036854775807}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.CompareAndSwap, "k") { Expected = "a"u8.ToArray(), Value = "b"u8.ToArray() },
            """{"op":"cas","key":"k","expected":"a","value":"b"}""");
        yield return new TestCaseData(
            new KvCommand(KvOperation.CompareAndSwap, "k") { Value = "b"u8.ToArray() },
            """{"op":"cas","key":"k","expected":null,"value":"b"}""");
    }

    [TestCaseSource(nameof(Forms))]
    public void A_command_has_the_form_of_the_contract_and_is_read_back(object command, string form)
    {
        var written = (KvCommand)command;

        ReadOnlyMemory<byte> data = KvCommandEncoding.Encode(written);

        Assert.That(Encoding.UTF8.GetString(data.Span), Is.EqualTo(form));
        Assert.That(KvCommandEncoding.TryDecode(data.Span, out KvCommand? read), Is.Null);
        Assert.That((read!.Operation, read.Key, read.Client, read.Request),
            Is.EqualTo((written.Operation, written.Key, written.Client, written.Request)));
        Assert.That(read.Value.ToArray(), Is.EqualTo(written.Value.ToArray()));
        Assert.That(read.Expected, Is.EqualTo(written.Expected));
    }

    [Test]
    public void The_largest_value_fits_into_an_entry_however_it_is_escaped()
    {
        byte[] worst = new byte[KvLimits.ValueBytesMax];
        var command = new KvCommand(KvOperation.CompareAndSwap, "k") { Expected = worst, Value = worst };

        Assert.That(KvCommandEncoding.Encode(command).Length, Is.LessThan(new RaftLimits().EntryBytesMax));
    }

    [Test]
    public void What_must_not_stand_in_the_log_is_refused_before_it_is_appended()
    {
        var set = new KvCommand(KvOperation.Set, "k");
        KvCommand[] wrong =
        [
            set with { Key = "" },
            set with { Value = new byte[KvLimits.ValueBytesMax + 1] },
            set with { Client = "", Request = 1 },
            set with { Client = "c", Request = 0 },
            new(KvOperation.CompareAndSwap, "k") { Expected = new byte[] { 0xff } },
        ];

        Assert.That(wrong, Has.All.Matches<KvCommand>(command =>
        {
            Assert.That(() => KvCommandEncoding.Encode(command), Throws.ArgumentException);
            return true;
        }));
    }
}
