using System.Diagnostics;
using System.Net.Sockets;

namespace Raftchaos.Network;

/// <summary>The way of bytes from one node to another, over all their connections, whoever opened them.</summary>
internal sealed class Link
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private volatile LinkFault _fault = LinkFault.None;

    /// <summary>What is wrong with it now.</summary>
    public LinkFault Fault
    {
        get => _fault;
        set => _fault = value;
    }

    /// <summary>Hands bytes on as the link does at present.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="arrivedAt">When they came, by <see cref="Stopwatch"/>.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="isOver">Whether the connection has ended meanwhile.</param>
    public async Task PassAsync(ReadOnlyMemory<byte> bytes, long arrivedAt, Socket target, Func<bool> isOver)
    {
        while (!isOver() && (_fault.Holds || Stopwatch.GetElapsedTime(arrivedAt) < _fault.Delay))
        {
            await Task.Delay(Look);
        }

        while (!bytes.IsEmpty && !isOver())
        {
            LinkFault fault = _fault;
            int piece = fault.IsTorn ? 1 : fault.BytesPerSecond > 0 ? Math.Max(1, fault.BytesPerSecond / 50) : bytes.Length;
            piece = await target.SendAsync(bytes[..Math.Min(piece, bytes.Length)]);
            bytes = bytes[piece..];
            if (fault.BytesPerSecond > 0)
            {
                await RestAsync(TimeSpan.FromSeconds((double)piece / fault.BytesPerSecond), isOver);
            }

            while (_fault.Holds && !isOver())
            {
                await Task.Delay(Look);
            }
        }
    }

    // At one byte a second a healed link must not wait for the rest of that second.
    private async Task RestAsync(TimeSpan time, Func<bool> isOver)
    {
        long began = Stopwatch.GetTimestamp();
        while (!isOver() && _fault.BytesPerSecond > 0 && Stopwatch.GetElapsedTime(began) < time)
        {
            await Task.Delay(Look);
        }
    }
}
