using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Raft.Bench.Peers;

/// <summary>
/// What one command cannot be faster than: one fdatasync of a file that has its blocks, and one round trip on the loopback.
/// </summary>
internal static class PhysicalLimit
{
    private const int BlockBytes = 4096;
    private const int Blocks = 1024;

    /// <summary>The median of a write of a block with its fdatasync, in milliseconds.</summary>
    /// <param name="directory">On which disk.</param>
    /// <param name="time">For how long to measure.</param>
    public static double Sync(string directory, TimeSpan time)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, $"limit-{Environment.ProcessId}");
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            byte[] block = new byte[BlockBytes];
            for (int i = 0; i < Blocks; i++)
            {
                file.Write(block);
            }

            file.Flush(flushToDisk: true);
            var times = new List<double>();
            for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < time;)
            {
                long started = Stopwatch.GetTimestamp();
                RandomAccess.Write(file.SafeFileHandle, block, times.Count % Blocks * BlockBytes);
                SyncData(file.SafeFileHandle);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            return Median(times);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The median of a round trip of 128 bytes, in milliseconds, between two threads that wait in the kernel.</summary>
    /// <param name="time">For how long to measure.</param>
    public static double RoundTrip(TimeSpan time)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient { NoDelay = true };
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using Socket server = listener.AcceptSocket();
        server.NoDelay = true;
        var echo = new Thread(() => Echo(server));
        echo.Start();
        byte[] message = new byte[128];
        var times = new List<double>();
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < time;)
        {
            long started = Stopwatch.GetTimestamp();
            client.Client.Send(message);
            ReceiveAll(client.Client, message);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        client.Client.Shutdown(SocketShutdown.Both);
        echo.Join();
        return Median(times);
    }

    // What .NET has here is fsync, which writes the file's times too.
    private static void SyncData(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (FDataSync(file) != 0)
        {
            throw new IOException($"fdatasync failed with error {Marshal.GetLastPInvokeError()}");
        }
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FDataSync(SafeFileHandle file);

    private static void Echo(Socket socket)
    {
        byte[] message = new byte[128];
        while (ReceiveAll(socket, message))
        {
            socket.Send(message);
        }
    }

    private static bool ReceiveAll(Socket socket, byte[] message)
    {
        for (int received = 0; received < message.Length;)
        {
            int count = socket.Receive(message.AsSpan(received));
            if (count == 0)
            {
                return false;
            }

            received += count;
        }

        return true;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
