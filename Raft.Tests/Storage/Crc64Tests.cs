using Raft.Stores.Wal.Format;
using Raft.Testing.Contracts;

namespace Raft.Tests.Storage;

/// <summary>CRC-64/XZ, as Go's hash/crc64 computes it with its ECMA table.</summary>
public sealed class Crc64Tests
{
    [Test]
    public void The_check_value_is_that_of_the_catalogue() =>
        Assert.That(Crc64.Of(0, "123456789"u8), Is.EqualTo(0x995d_c9bb_df19_39faUL));

    [Test]
    public void Nothing_has_the_checksum_0() => Assert.That(Crc64.Of(0, []), Is.Zero);

    [Test]
    public void Any_length_has_the_checksum_of_its_definition_however_it_is_cut()
    {
        byte[] bytes = TestSnapshots.Content(700, seed: 3);
        for (int length = 0; length <= bytes.Length; length++)
        {
            ulong expected = BitByBit(bytes.AsSpan(0, length));

            Assert.That(Crc64.Of(0, bytes.AsSpan(0, length)), Is.EqualTo(expected), $"{length} bytes");
            int cut = length * 2 / 3;
            Assert.That(Crc64.Of(Crc64.Of(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut..length)), Is.EqualTo(expected));
        }
    }

    private static ulong BitByBit(ReadOnlySpan<byte> bytes)
    {
        ulong state = ulong.MaxValue;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ 0xC96C_5795_D787_0F42 : state >> 1;
            }
        }

        return ~state;
    }
}
