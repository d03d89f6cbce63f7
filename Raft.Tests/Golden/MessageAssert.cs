namespace Raft.Tests.Golden;

/// <summary>Compares messages by content: records compare byte fields and entries by reference.</summary>
internal static class MessageAssert
{
    public static void AreEqual(RpcRequest actual, RpcRequest expected)
    {
        switch (expected)
        {
            case AppendEntriesRequest e:
                var a = (AppendEntriesRequest)actual;
                EntriesAreEqual(a.Entries, e.Entries);
                Assert.That(a with { Entries = null }, Is.EqualTo(e with { Entries = null }));
                break;
            case InstallSnapshotRequest e:
                var s = (InstallSnapshotRequest)actual;
                BytesAreEqual(s.Peers, e.Peers);
                BytesAreEqual(s.Configuration, e.Configuration);
                Assert.That(
                    s with { Peers = null, Configuration = null }, Is.EqualTo(e with { Peers = null, Configuration = null }));
                break;
            case AskRequest e:
                BytesAreEqual(((AskRequest)actual).Data, e.Data);
                Assert.That(actual.Header, Is.EqualTo(e.Header));
                break;
            default:
                Assert.That(actual, Is.EqualTo(expected));
                break;
        }
    }

    public static void AreEqual(RpcResponse actual, RpcResponse expected)
    {
        switch (expected)
        {
            case RequestVoteResponse e:
                var a = (RequestVoteResponse)actual;
                BytesAreEqual(a.Peers, e.Peers);
                Assert.That(a with { Peers = null }, Is.EqualTo(e with { Peers = null }));
                break;
            case AskResponse e:
                BytesAreEqual(((AskResponse)actual).Data, e.Data);
                Assert.That(actual.Header, Is.EqualTo(e.Header));
                break;
            default:
                Assert.That(actual, Is.EqualTo(expected));
                break;
        }
    }

    public static void EntriesAreEqual(IReadOnlyList<LogSlice>? actual, IReadOnlyList<LogSlice>? expected)
    {
        Assert.That(actual is null, Is.EqualTo(expected is null), "nil entries");
        LogEntry[] a = [.. Flatten(actual)];
        LogEntry[] e = [.. Flatten(expected)];
        Assert.That(a, Has.Length.EqualTo(e.Length));
        for (int i = 0; i < e.Length; i++)
        {
            Assert.That(a[i].Encoded.Span.SequenceEqual(e[i].Encoded.Span), Is.True, $"entry {i} as encoded");
            Assert.That((a[i].Index, a[i].Term, a[i].Type), Is.EqualTo((e[i].Index, e[i].Term, e[i].Type)));
            Assert.That(a[i].Data.Span.SequenceEqual(e[i].Data.Span), Is.True, $"data of entry {i}");
            Assert.That(a[i].Extensions.Span.SequenceEqual(e[i].Extensions.Span), Is.True, $"extensions of entry {i}");
            Assert.That(a[i].AppendedAt, Is.EqualTo(e[i].AppendedAt), $"time of entry {i}");
        }
    }

    public static IEnumerable<LogEntry> Flatten(IReadOnlyList<LogSlice>? slices) =>
        (slices ?? []).SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i]));

    private static void BytesAreEqual(ReadOnlyMemory<byte>? actual, ReadOnlyMemory<byte>? expected)
    {
        Assert.That(actual is null, Is.EqualTo(expected is null), "nil");
        Assert.That(actual?.ToArray(), Is.EqualTo(expected?.ToArray()));
    }
}
