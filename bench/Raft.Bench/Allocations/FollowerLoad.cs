using System.Net;
using System.Net.Sockets;
using Raft.Bench.Stores;
using Raft.MsgPack;
using Raft.Stores.Wal;
using Raft.Transport.Tcp;
using Raft.Transport.Tcp.Wire;

namespace Raft.Bench.Allocations;

/// <summary>
/// What a follower allocates for the entries that a leader sends over a socket, one request at a time, each answered when it is durable.
/// The requests are made beforehand, and sent by a thread that allocates nothing.
/// </summary>
internal static class FollowerLoad
{
    private const int AnswerBytesMax = 4096;

    /// <summary>The key, and true behind it.</summary>
    private static readonly byte[] Success = [.. "Success"u8, 0xc3];

    private static readonly RpcHeader Leader = new(ProtocolVersion: 3, "n1", "127.0.0.1:1");

    /// <summary>How many requests are counted.</summary>
    public static int CountOf(int group) => Math.Clamp(200_000 / group, 500, 4000);

    /// <summary>Measures.</summary>
    /// <param name="size">Bytes of a command.</param>
    /// <param name="group">How many entries a request has.</param>
    public static async Task<FollowerFigures> MeasureAsync(int size, int group)
    {
        string directory = Path.Combine(Path.GetTempPath(), $"raft-allocations-{Environment.ProcessId}");
        try
        {
            await using WalStore store = await WalStore.OpenAsync(directory);
            await using TcpTransport transport = await TcpTransport.ListenAsync(new TcpTransportOptions { BindAddress = "127.0.0.1:0" });
            await using RaftNode node = await StartAsync(store, transport);
            int count = CountOf(group);
            int warmUps = count / 4;
            (byte[][] frames, long entryBytes) = Frames(warmUps + count, size, group);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var address = IPEndPoint.Parse(transport.LocalAddress.ToString());
            (long all, long sender) = await Task.Factory.StartNew(
                () => Send(socket, address, frames, warmUps), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            double entries = (double)count * group;
            return new FollowerFigures(
                (all - sender) / entries, (double)entryBytes / (warmUps + count) / group, (double)sender / count);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<RaftNode> StartAsync(WalStore store, TcpTransport transport)
    {
        var config = new RaftConfig
        {
            LocalId = "n2",

            // It is never to campaign.
            HeartbeatTimeout = TimeSpan.FromHours(1),
            ElectionTimeout = TimeSpan.FromHours(1),
            SnapshotThreshold = ulong.MaxValue,
        };
        var snapshots = new InMemorySnapshotStore();
        await RaftNode.BootstrapClusterAsync(
            config, store.Log, store.Stable, snapshots,
            new ClusterConfiguration(new Server("n1", Leader.Address), new Server("n2", transport.LocalAddress)));
        return await RaftNode.StartAsync(config, new CountingFsm(), store.Log, store.Stable, snapshots, transport);
    }

    /// <summary>Requests of consecutive entries behind the first, which is the configuration; each commits those of the one before.</summary>
    private static (byte[][] Frames, long EntryBytes) Frames(int count, int size, int group)
    {
        byte[][] frames = new byte[count][];
        long entryBytes = 0;
        ulong last = 1;
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> entries = Entries.Append(last + 1, group, size).Slices[0].Encoded;
            var request = new AppendEntriesRequest(Leader)
            {
                Term = 1,
                Leader = Leader.Address,
                PreviousIndex = last,
                PreviousTerm = 1,
                LeaderCommitIndex = last,
            };
            byte[] frame = new byte[RequestEncoder.BytesMax(request) + entries.Length];
            int head = RequestEncoder.WriteHead(frame, request, group, WireDialect.Go17);
            entries.Span.CopyTo(frame.AsSpan(head));
            int tail = RequestEncoder.WriteTail(frame.AsSpan(head + entries.Length), request, WireDialect.Go17);
            frames[i] = frame[..(head + entries.Length + tail)];
            entryBytes += entries.Length;
            last += (ulong)group;
        }

        return (frames, entryBytes);
    }

    /// <summary>Sends all, each when the one before is answered.</summary>
    /// <returns>Bytes allocated from the end of the warm-up on, and those of this thread among them.</returns>
    private static (long All, long Sender) Send(Socket socket, IPEndPoint address, byte[][] frames, int warmUps)
    {
        // Blocking from the beginning: so nothing is allocated to wait.
        socket.Connect(address);
        byte[] answer = new byte[AnswerBytesMax];
        long all = 0;
        long sender = 0;
        for (int i = 0; i < frames.Length; i++)
        {
            if (i == warmUps)
            {
                sender = GC.GetAllocatedBytesForCurrentThread();
                all = GC.GetTotalAllocatedBytes(precise: true);
            }

            socket.Send(frames[i]);
            Await(socket, answer);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - all, GC.GetAllocatedBytesForCurrentThread() - sender);
    }

    /// <summary>Receives an answer: an error text, which must be empty, and a message.</summary>
    private static void Await(Socket socket, byte[] answer)
    {
        var scanner = default(MsgPackScanner);
        int received = 0;
        int scanned = 0;
        for (int values = 0; values < 2; values++)
        {
            scanner.Begin(AnswerBytesMax);
            while (true)
            {
                scanned += scanner.Advance(answer.AsSpan(scanned..received));
                if (scanner.IsComplete)
                {
                    break;
                }

                int count = socket.Receive(answer.AsSpan(received));
                received += count > 0 ? count : throw new InvalidOperationException("The follower ended the connection.");
            }
        }

        if (answer[0] != 0xa0 || answer.AsSpan(0, received).IndexOf(Success) < 0)
        {
            throw new InvalidOperationException("The follower refused entries.");
        }
    }
}
