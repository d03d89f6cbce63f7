using System.Text.Json;

namespace Bank;

/// <summary>A command to the bank: moves money from one account to another.</summary>
/// <param name="Id">Names the transfer, so that one that is sent twice is made once.</param>
/// <param name="From">The account that pays.</param>
/// <param name="To">The account that is paid.</param>
/// <param name="Amount">How much.</param>
internal sealed record Transfer(string Id, int From, int To, long Amount)
{
    public static Transfer Decode(ReadOnlySpan<byte> command) => JsonSerializer.Deserialize<Transfer>(command)!;

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this);
}
