using System.Buffers;
using System.Text.Json;

namespace Raft.Simulation.Linearizability;

/// <summary>
/// Writes the history of a real process as it happens: a line at each invoke and one at each known outcome, so that
/// killing the process loses no invoke. For any number of clients on any threads.
/// </summary>
internal sealed class HistoryEventWriter : IDisposable
{
    // The clients of a real process run on threads of their own, and an invoke must be written before it is sent: an event
    // to another task would have to be waited for, which is what the lock does more plainly.
    private readonly Lock _gate = new();
    private readonly Stream _stream;
    private readonly EventClock _clock;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly HistoryLineWriter _line;
    private long _lastId;

    /// <summary>Writes the header.</summary>
    /// <param name="stream">The file, which stays open when this is disposed.</param>
    /// <param name="header">Says what the times of <paramref name="clock"/> are written in.</param>
    /// <param name="clock">The machine's monotonic clock.</param>
    public HistoryEventWriter(Stream stream, HistoryHeader header, TimeProvider clock)
    {
        _stream = stream;
        _clock = new EventClock(clock);
        _json = new Utf8JsonWriter(_buffer);
        _line = new HistoryLineWriter(_json, header.Clock);
        _line.WriteHeader(header);
        EndLine();
    }

    /// <summary>Writes that an operation is about to be sent. On return the line survives the process.</summary>
    public WrittenOperation Invoke(int client, string key, RegisterCall call)
    {
        lock (_gate)
        {
            var operation = new RegisterOperation(client, key, call, _clock.Next());
            _line.WriteInvoke(++_lastId, operation);
            EndLine();
            return new WrittenOperation(_lastId, operation);
        }
    }

    /// <summary>Writes that an operation was answered. One of unknown outcome is left as it is.</summary>
    public void Return(
        WrittenOperation written, long result, ServerId? node = null, ulong logIndex = 0, ulong term = 0)
    {
        lock (_gate)
        {
            written.Operation.Return(result, _clock.Next(), node, logIndex, term);
            WriteEnd(written);
        }
    }

    /// <summary>Writes that an operation certainly never takes effect.</summary>
    public void Reject(WrittenOperation written)
    {
        lock (_gate)
        {
            written.Operation.Reject(_clock.Next());
            WriteEnd(written);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void WriteEnd(WrittenOperation written)
    {
        _line.WriteEnd(written.Id, written.Operation);
        EndLine();
    }

    private void EndLine()
    {
        HistoryFile.End(_stream, _buffer, _json);
        _stream.Flush();
    }
}
