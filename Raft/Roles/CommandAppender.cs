using Raft.Fsm;
using Raft.Storage;

namespace Raft.Roles;

/// <summary>
/// Turns waiting commands into entries of the leader's term, a group at a time (group commit), as long as the limits
/// allow. Owned by the leader role.
/// </summary>
internal sealed class CommandAppender(RoleContext context, ulong term, PeerSet peers, RestoreGuard restores)
{
    /// <summary>Batches are cut at that size, so that their buffers stay off the large object heap.</summary>
    private const int ChunkBytes = 64 << 10;

    private readonly LogBatchBuilder _builder = new();
    private readonly List<ApplyFuture> _taken = [];
    private readonly Queue<(ulong LastIndex, int Bytes)> _uncommitted = new();
    private readonly byte[] _stamp = new byte[LogEncoding.TimestampBytesMax];
    private readonly Queue<(ulong LastIndex, int Bytes)> _unapplied = new();
    private readonly DispatchTimes _times = new(context.Meter.Leading, context.State.Log.LastIndex);
    private long _uncommittedBytes;
    private long _unappliedBytes;

    // How many of those that were taken are the feeder's.
    private int _expectedCount;

    /// <summary>Appends the entry that begins a leadership.</summary>
    public void AppendNoop()
    {
        LogBatch batch = LogBatchBuilder.Single(
            context.State.Log.LastIndex + 1, term, LogType.Noop, data: default,
            LogTimestamp.FromDateTimeOffset(context.Clock.UtcNow), isNil: true, context.Config.LogTimeFormat);
        Append(batch);
    }

    /// <summary>Appends a configuration, which is in force from then on.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="future">Its caller.</param>
    public void AppendConfiguration(ClusterConfiguration configuration, ApplyFuture future)
    {
        LogBatch batch = LogBatchBuilder.Single(
            context.State.Log.LastIndex + 1, term, LogType.Configuration, ConfigurationEncoding.Encode(configuration),
            LogTimestamp.FromDateTimeOffset(context.Clock.UtcNow), timeFormat: context.Config.LogTimeFormat);
        future.Place(batch.FirstIndex, term);
        context.Feeder.Expect(batch, [future]);
        Append(batch);
    }

    /// <summary>Appends one group of the commands that wait.</summary>
    /// <returns>Whether there was one, and room for it.</returns>
    public bool AppendCommands()
    {
        RaftLimits limits = context.Config.Limits;
        _unappliedBytes -= TakeBytes(_unapplied, context.Board.AppliedIndex);
        if (context.Inbox.Applies.IsEmpty || _uncommittedBytes >= limits.UncommittedBytesMax
            || _unappliedBytes >= limits.UnappliedBytesMax || context.Writer.PendingBytes >= limits.UndurableBytesMax)
        {
            return false;
        }

        context.Inbox.Applies.Take(_taken, limits.BatchCountMax, limits.BatchBytesMax);
        Refuse();
        restores.Refuse(_taken);
        LogTimestamp now = LogTimestamp.FromDateTimeOffset(context.Clock.UtcNow);
        int stampLength = LogTimestampEncoding.Write(_stamp, now, context.Config.LogTimeFormat);
        ReadOnlySpan<byte> stamp = _stamp.AsSpan(0, stampLength);
        _expectedCount = 0;
        try
        {
            while (_expectedCount < _taken.Count)
            {
                AppendChunk(_expectedCount, stamp);
            }
        }
        catch (Exception thrown)
        {
            // No memory, mostly. The node ends of it, and nobody else knows of these any more.
            foreach (ApplyFuture future in _taken[_expectedCount..])
            {
                context.Completions.Add(future.Fail(new RaftException($"The command was not appended: {thrown.Message}", thrown)));
            }

            throw;
        }

        // They are the feeder's now.
        _taken.Clear();
        return true;
    }

    /// <summary>Gives back the room that committed entries took.</summary>
    public void OnCommit(ulong commitIndex)
    {
        _uncommittedBytes -= TakeBytes(_uncommitted, commitIndex);
        _times.Committed(commitIndex);
    }

    /// <summary>Entries are durable here.</summary>
    public void OnDurable(ulong durableIndex) => _times.Durable(durableIndex);

    private static long TakeBytes(Queue<(ulong LastIndex, int Bytes)> queue, ulong throughIndex)
    {
        long bytes = 0;
        while (queue.TryPeek(out (ulong LastIndex, int Bytes) oldest) && oldest.LastIndex <= throughIndex)
        {
            queue.Dequeue();
            bytes += oldest.Bytes;
        }

        return bytes;
    }

    /// <summary>Why a command must not be appended; null where it may.</summary>
    private RaftException? WhyNot(ApplyFuture future)
    {
        // A server that is sent no entries would wait for ever for what becomes of its command.
        if (!future.Sender.IsEmpty && peers.Find(future.Sender) is null)
        {
            return new ConfigurationChangeException($"{future.Sender} is no member of the cluster. Nothing was appended.");
        }

        // A caller may have let its bytes go before they were taken: that is no reason to stop.
        try
        {
            _ = future.Data.Span;
            _ = future.Extensions.Span;
            return null;
        }
        catch (Exception thrown)
        {
            return new RaftException(
                "The command's bytes could not be read. They must stay as they are until the call completes. Nothing was appended.", thrown);
        }
    }

    private void Refuse()
    {
        int kept = 0;
        for (int i = 0; i < _taken.Count; i++)
        {
            ApplyFuture future = _taken[i];
            if (WhyNot(future) is { } why)
            {
                context.Completions.Add(future.Fail(why));
            }
            else
            {
                _taken[kept++] = future;
            }
        }

        _taken.RemoveRange(kept, _taken.Count - kept);
    }

    private void AppendChunk(int first, ReadOnlySpan<byte> stamp)
    {
        ulong index = context.State.Log.LastIndex;
        int bytes = 0;
        int end = first;
        for (; end < _taken.Count; end++)
        {
            int size = SizeOf(_taken[end], index + 1 + (ulong)(end - first), stamp.Length);
            if (end > first && bytes + size > ChunkBytes)
            {
                break;
            }

            bytes += size;
        }

        _builder.Reserve(bytes, end - first);
        var futures = new ApplyFuture?[end - first];
        for (int i = first; i < end; i++)
        {
            ApplyFuture future = _taken[i];
            future.Place(++index, term);
            futures[i - first] = future;
            _builder.Add(
                index, term, future.Type, stamp, future.Data.Span, IsDataNil(future), future.Extensions.Span,
                isExtensionsNil: future.Extensions.IsEmpty);
            restores.Note(future);
            future.Appended();
            if (!future.Sender.IsEmpty)
            {
                peers.Want(future.Sender, index);
            }
        }

        LogBatch batch = _builder.Build();
        context.Feeder.Expect(batch, futures);
        _expectedCount = end;
        Append(batch);
    }

    private static bool IsDataNil(ApplyFuture future) => future.Type != LogType.Command && future.Data.IsEmpty;

    private int SizeOf(ApplyFuture future, ulong index, int stampLength)
    {
        var fields = new EntryFields
        {
            Term = term,
            Type = future.Type,
            DataLength = IsDataNil(future) ? -1 : future.Data.Length,
            ExtensionsLength = future.Extensions.IsEmpty ? -1 : future.Extensions.Length,
        };
        return LogEncoding.SizeOf(index, fields, stampLength);
    }

    private void Append(LogBatch batch)
    {
        _times.Dispatched(batch.FirstIndex, batch.LastIndex);
        _uncommitted.Enqueue((batch.LastIndex, batch.Encoded.Length));
        _uncommittedBytes += batch.Encoded.Length;
        _unapplied.Enqueue((batch.LastIndex, batch.Encoded.Length));
        _unappliedBytes += batch.Encoded.Length;
        context.State.Append(new LogSlice(batch));
    }
}
