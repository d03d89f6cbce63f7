using Raft.MsgPack;

namespace Raft.Tests.MsgPack;

/// <summary>What the reader takes beside what Go writes, and what it refuses.</summary>
public sealed class MsgPackReaderTests
{
    [TestCase("05", 5UL)]
    [TestCase("cc05", 5UL)]
    [TestCase("cd0005", 5UL)]
    [TestCase("ce00000005", 5UL)]
    [TestCase("cf0000000000000005", 5UL)]
    [TestCase("cfffffffffffffffff", ulong.MaxValue)]
    [TestCase("d005", 5UL)]
    [TestCase("d10005", 5UL)]
    [TestCase("d200000005", 5UL)]
    [TestCase("d30000000000000005", 5UL)]
    [TestCase("c0", 0UL)]
    public void An_unsigned_number_is_read_in_any_width(string hex, ulong expected) =>
        Assert.That(new MsgPackReader(Convert.FromHexString(hex)).Unsigned(), Is.EqualTo(expected));

    [TestCase("ff", -1L)]
    [TestCase("d0ff", -1L)]
    [TestCase("d38000000000000000", long.MinValue)]
    [TestCase("ccff", 255L)]
    [TestCase("cf7fffffffffffffff", long.MaxValue)]
    [TestCase("c0", 0L)]
    public void A_signed_number_is_read_in_any_width(string hex, long expected) =>
        Assert.That(new MsgPackReader(Convert.FromHexString(hex)).Signed(), Is.EqualTo(expected));

    [TestCase("a161")]
    [TestCase("d90161")]
    [TestCase("da000161")]
    [TestCase("db0000000161")]
    [TestCase("c40161")]
    [TestCase("c5000161")]
    [TestCase("c60000000161")]
    public void Bytes_are_read_in_any_form(string hex) =>
        Assert.That(new MsgPackReader(Convert.FromHexString(hex)).Raw(10, out _).ToArray(), Is.EqualTo("a"u8.ToArray()));

    [TestCase("c2", false)]
    [TestCase("c3", true)]
    [TestCase("00", false)]
    [TestCase("01", true)]
    [TestCase("c0", false)]
    public void A_boolean_may_be_a_number_or_nil(string hex, bool expected) =>
        Assert.That(new MsgPackReader(Convert.FromHexString(hex)).Bool(), Is.EqualTo(expected));

    [TestCase("ff")]
    [TestCase("d0ff")]
    [TestCase("ca3f800000")]
    [TestCase("cb3ff0000000000000")]
    [TestCase("a105")]
    [TestCase("c1")]
    public void An_unsigned_number_is_neither_negative_nor_anything_else(string hex) =>
        Assert.Throws<MsgPackException>(() => new MsgPackReader(Convert.FromHexString(hex)).Unsigned());

    [TestCase("")]
    [TestCase("cf00000000000000")]
    [TestCase("cd00")]
    public void A_number_that_is_not_all_there_is_incomplete_and_reads_as_zero(string hex)
    {
        var reader = new MsgPackReader(Convert.FromHexString(hex));

        Assert.That(reader.Unsigned(), Is.Zero);
        Assert.That(reader.IsIncomplete, Is.True);
    }

    [Test]
    public void Everything_after_the_end_reads_as_nil()
    {
        var reader = new MsgPackReader([0xdb, 0x00]);
        _ = reader.Raw(10, out bool isNil);

        Assert.That(isNil || reader.IsIncomplete, Is.True);
        Assert.That(reader.TryNil(), Is.True);
        Assert.That(reader.MapHeader(), Is.EqualTo(-1));
        Assert.That(reader.ArrayHeader(), Is.EqualTo(-1));
    }

    [TestCase("c0")]
    [TestCase("a3616263")]
    [TestCase("83a16101a16292c2c3a163df00000001a17801")]
    [TestCase("c70203aabb")]
    [TestCase("d801000102030405060708090a0b0c0d0e0f")]
    [TestCase("dc0003cb0000000000000000cf0000000000000000d300000000000000ff")]
    public void Skipping_and_scanning_find_the_same_end(string hex)
    {
        byte[] value = Convert.FromHexString(hex);
        byte[] bytes = [.. value, 0xc3, 0xc3];

        var reader = new MsgPackReader(bytes);
        reader.Skip();
        var scanner = default(MsgPackScanner);
        scanner.Begin(1000);
        int taken = 0;
        for (int there = 1; !scanner.IsComplete; there++)
        {
            taken += scanner.Advance(bytes.AsSpan(taken..there));
        }

        Assert.That((reader.Position, taken), Is.EqualTo((value.Length, value.Length)));
    }
}
