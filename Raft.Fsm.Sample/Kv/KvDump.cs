using System.Security.Cryptography;
using System.Text;

namespace Raft.Fsm.Sample.Kv;

/// <summary>A fingerprint of the state, equal on all nodes that have applied equally far.</summary>
/// <param name="AppliedIndex">How far the state machine was when the pairs were taken.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="Sha256">SHA-256 over <c>key\tvalue\n</c> of all pairs in byte order of the keys, in hexadecimal.</param>
internal sealed record KvDump(ulong AppliedIndex, int Count, string Sha256)
{
    /// <summary>Takes the pairs between two entries, and hashes them off the state machine's task.</summary>
    public static async Task<KvDump> TakeAsync(RaftNode node, KvFsm fsm)
    {
        (ulong applied, KeyValuePair<string, byte[]>[] pairs) =
            await node.InspectAsync(index => (index, fsm.Copy()));
        return new KvDump(applied, pairs.Length, Hash(pairs));
    }

    /// <summary>The fingerprint of some pairs.</summary>
    public static string Hash(KeyValuePair<string, byte[]>[] pairs)
    {
        (byte[] Key, byte[] Value)[] ordered = [.. pairs.Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value))];
        Array.Sort(ordered, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((byte[] key, byte[] value) in ordered)
        {
            hash.AppendData(key);
            hash.AppendData("\t"u8);
            hash.AppendData(value);
            hash.AppendData("\n"u8);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
