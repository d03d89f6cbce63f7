using Raft.Fsm.Sample.Kv;
using Raft.Stores.Wal;
using Raft.Tests.Sample;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Interop;

/// <summary>
/// A server of this library within the test, for what the sample has no option for. Beside Go servers that are processes of
/// their own.
/// </summary>
internal sealed class LibraryServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly WalStore _store;
    private readonly TcpTransport _transport;

    private LibraryServer(TemporaryDirectory directory, WalStore store, TcpTransport transport, RaftNode node)
    {
        _directory = directory;
        _store = store;
        _transport = transport;
        Node = node;
    }

    /// <summary>The node.</summary>
    public RaftNode Node { get; }

    /// <summary>Where others reach it.</summary>
    public string Address => _transport.LocalAddress.ToString();

    /// <summary>Starts one without state.</summary>
    /// <param name="config">Its settings, given its address.</param>
    public static async Task<LibraryServer> StartAsync(Func<string, RaftConfig> config)
    {
        var directory = new TemporaryDirectory();
        WalStore store = await WalStore.OpenAsync(directory.Path);
        TcpTransport transport = await TcpTransport.ListenAsync(
            new TcpTransportOptions { BindAddress = $"127.0.0.1:{TestPorts.Take(1)[0]}" });
        RaftNode node = await RaftNode.StartAsync(
            config(transport.LocalAddress.ToString()), new KvFsm(), store.Log, store.Stable,
            await FileSnapshotStore.OpenAsync(directory.Path), transport);
        return new LibraryServer(directory, store, transport, node);
    }

    /// <summary>Waits until it leads.</summary>
    public Task LeadsAsync() => Eventually.HoldsAsync("it leads", () => Node.State == RaftState.Leader);

    /// <summary>All entries that it has on disk, once an index is among them.</summary>
    public async Task<IReadOnlyList<ShownEntry>> EntriesAsync(ulong last)
    {
        await Eventually.HoldsAsync($"it has applied {last}", () => Node.AppliedIndex >= last, () => $"{Node.AppliedIndex}");
        var entries = new List<ShownEntry>();
        while (entries.Count < (int)last)
        {
            LogBatch batch = await _store.Log.ReadAsync((ulong)entries.Count + 1, last, 1 << 20);
            for (int i = 0; i < batch.Count; i++)
            {
                entries.Add(new ShownEntry(
                    batch[i].Index, batch[i].Term, batch[i].Type, Digits(batch[i].Data, batch.Layout(i).DataLength),
                    Digits(batch[i].Extensions, batch.Layout(i).ExtensionsLength)));
            }
        }

        return entries;
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await _store.DisposeAsync();
        _directory.Dispose();
    }

    private static string Digits(ReadOnlyMemory<byte> bytes, int length) =>
        length < 0 ? ShownEntry.Nil : Convert.ToHexStringLower(bytes.Span);
}
