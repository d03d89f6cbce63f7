using System.Collections.Concurrent;

namespace Raft.Tests.Contracts.Example;

// docs begin
/// <summary>Term and vote in a table that is there before the store and after it: a database, say.</summary>
internal sealed class TableStableStore(ConcurrentDictionary<string, object> table) : IStableStore
{
    public ValueTask<TermAndVote?> LoadAsync() => new(table.GetValueOrDefault("term and vote") as TermAndVote);

    // Term and vote change together or not at all: they are one value, never two.
    public ValueTask SaveAsync(TermAndVote record)
    {
        table["term and vote"] = record;
        return ValueTask.CompletedTask;
    }

    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        table[NameOf(key)] = value.ToArray();
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => new(table.GetValueOrDefault(NameOf(key)) as byte[]);

    private static string NameOf(ReadOnlyMemory<byte> key) => $"value {Convert.ToHexString(key.Span)}";
}
// docs end
