using System.Buffers.Binary;
using System.Text;
using Raft.Stores.Bolt.Format;
using Raft.Stores.Bolt.Reading;

namespace Raft.Stores.Bolt;

/// <summary>Term and vote of a <see cref="BoltStore"/>, and what else stands beside them. Nothing is ever written.</summary>
internal sealed class BoltStableStore : IStableStore, IStableKeys
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly BoltFile _file;
    private readonly TermAndVote? _record;
    private readonly List<(byte[] Key, byte[] Value)> _others;

    /// <summary>Makes sense of what stands in the file.</summary>
    /// <exception cref="CorruptStoreException">Part of it is missing, or the parts contradict each other.</exception>
    public BoltStableStore(BoltFile file)
    {
        _file = file;
        _others = [.. file.Conf.Values.Where(v => !IsOfRecord(v.Key))];
        _record = Read();
    }

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(_record);

    /// <inheritdoc/>
    public ValueTask SaveAsync(TermAndVote record) => throw BoltStore.ReadOnly(_file);

    /// <inheritdoc/>
    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => throw BoltStore.ReadOnly(_file);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key)
    {
        byte[]? value = _others.Find(v => key.Span.SequenceEqual(v.Key)).Value;
        return ValueTask.FromResult((byte[]?)value?.Clone());
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync() =>
        ValueTask.FromResult<IReadOnlyList<byte[]>>([.. _others.Select(v => (byte[])v.Key.Clone())]);

    private static bool IsOfRecord(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("CurrentTerm"u8) || key.SequenceEqual("LastVoteTerm"u8) || key.SequenceEqual("LastVoteCand"u8);

    private TermAndVote? Read()
    {
        Place place = _file.ConfPlace;
        if (_others.Find(v => v.Key.AsSpan().StartsWith("raft/"u8)).Key is { } own)
        {
            throw place.Refuse($"the key '{Encoding.UTF8.GetString(own)}' stands beside the term, which means something else here");
        }

        ulong? term = Number("CurrentTerm"u8);
        ulong? voteTerm = Number("LastVoteTerm"u8);
        byte[]? candidate = Find("LastVoteCand"u8);
        if (term is null)
        {
            // A Go node writes it at each start, whatever it is, and before any vote and any entry.
            return _file.Conf.Values.Count == 0 && _file.Log.LastIndex == 0
                ? null
                : throw place.Refuse("the key CurrentTerm is missing, and other values or entries are there");
        }

        // The term of a vote is written before its candidate, and the present term before both. So a vote of a later term than
        // the present one has lost that, and a candidate without a term has lost its own.
        if (voteTerm > term || (voteTerm is null && candidate is not null))
        {
            throw place.Refuse(
                $"the last vote was given in term {voteTerm?.ToString(provider: null) ?? "(missing)"}, and the present term is {term}: "
                + "one of the two was lost");
        }

        // A node that was stopped between the two has not told anyone of its first vote. But a key that was damaged looks alike.
        if (voteTerm is not null && candidate is null && _others.Count > 0)
        {
            throw place.Refuse(
                "the key LastVoteCand is missing, and there are keys of no known meaning. Where the Go node was killed while it gave its first "
                + "vote, start it once more, and stop it when it has voted");
        }

        return voteTerm == term && candidate is not null
            ? new TermAndVote(term.Value, default, Address(candidate))
            : new TermAndVote(term.Value);
    }

    private ServerAddress Address(byte[] candidate)
    {
        try
        {
            return new ServerAddress(Strict.GetString(candidate));
        }
        catch (DecoderFallbackException wrong)
        {
            throw _file.ConfPlace.Refuse("the address of the candidate that got the last vote is no text", wrong);
        }
    }

    private ulong? Number(ReadOnlySpan<byte> key) => Find(key) switch
    {
        null => null,
        { Length: sizeof(ulong) } value => BinaryPrimitives.ReadUInt64BigEndian(value),
        _ => throw _file.ConfPlace.Refuse($"the value of {Encoding.ASCII.GetString(key)} does not have 8 bytes"),
    };

    private byte[]? Find(ReadOnlySpan<byte> key)
    {
        foreach ((byte[] name, byte[] value) in _file.Conf.Values)
        {
            if (key.SequenceEqual(name))
            {
                return value;
            }
        }

        return null;
    }
}
