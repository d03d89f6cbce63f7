using Raft.Transport.Tcp;

namespace Raft.Tests.Transport;

/// <summary>A connection that delivers given bytes in given pieces and then ends; what is sent to it is kept.</summary>
internal sealed class ScriptedConnection(ReadOnlyMemory<byte> bytes, int pieceBytes = int.MaxValue) : IStreamConnection
{
    private int _position;

    public List<byte> Sent { get; } = [];

    public int SendCount { get; private set; }

    /// <summary>What every send fails with; null if it succeeds.</summary>
    public Exception? SendError { get; init; }

    public string RemoteName => "a script";

    public bool IsQuiet => true;

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        int count = Math.Min(Math.Min(pieceBytes, buffer.Length), bytes.Length - _position);
        bytes.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return ValueTask.FromResult(count);
    }

    public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> segments)
    {
        SendCount++;
        if (SendError is not null)
        {
            return ValueTask.FromException(SendError);
        }

        foreach (ReadOnlyMemory<byte> segment in segments)
        {
            Sent.AddRange(segment.Span);
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
    }
}
