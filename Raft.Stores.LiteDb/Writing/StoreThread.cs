using Raft.Stores.LiteDb.Documents;
using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb.Writing;

/// <summary>
/// The one thread that uses the database: its transactions belong to a thread, and its calls wait for the disk. All changes that
/// wait when one transaction is durable are the next one (group commit).
/// </summary>
/// <remarks>What is asked of it completes elsewhere than on this thread.</remarks>
internal sealed class StoreThread
{
    private readonly Func<IDocumentDatabase> _open;
    private readonly string _path;
    private readonly long _cacheBytes;
    private readonly WriteFuse _fuse;
    private readonly TaskCompletionSource<StoreContent> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DocumentChanges _changes = new();

    // Callers put work in and the thread takes it out; no event can do both, as the thread must sleep in between.
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private List<StoreWork> _waiting = [];
    private bool _isStopped;

    private ulong _firstIndex;
    private ulong _lastIndex;
    private ulong _knownCommitIndex;

    private StoreThread(Func<IDocumentDatabase> open, string path, long cacheBytes, WriteFuse fuse)
    {
        _open = open;
        _path = path;
        _cacheBytes = cacheBytes;
        _fuse = fuse;
    }

    /// <summary>The index of the first entry that is durable, or 0.</summary>
    public ulong FirstIndex => Volatile.Read(ref _firstIndex);

    /// <summary>The index of the last entry that is durable, or 0.</summary>
    public ulong LastIndex => Volatile.Read(ref _lastIndex);

    /// <summary>The highest commit index that any durable write named.</summary>
    public ulong KnownCommitIndex => Volatile.Read(ref _knownCommitIndex);

    /// <summary>What was found in the database. Faulted if it could not be opened; then the thread has ended.</summary>
    public Task<StoreContent> Opened => _opened.Task;

    /// <summary>Begins.</summary>
    /// <param name="open">Opens the database, on the thread.</param>
    /// <param name="path">The database's file, for messages.</param>
    /// <param name="cacheBytes">How many bytes of entries to keep in memory.</param>
    /// <param name="fuse">Blown when a change fails, after which there are no more.</param>
    public static StoreThread Start(Func<IDocumentDatabase> open, string path, long cacheBytes, WriteFuse fuse)
    {
        var thread = new StoreThread(open, path, cacheBytes, fuse);
        new Thread(thread.Run) { IsBackground = true, Name = "Raft.Stores.LiteDb" }.Start();
        return thread;
    }

    /// <summary>Asks for a change.</summary>
    /// <returns>Completes when it would survive a power cut.</returns>
    public Task WriteAsync(Func<StoreContent, DocumentChanges, bool> plan, bool isTruncation = false)
    {
        var write = new StoreWrite(plan, isTruncation);
        Enqueue(write);
        return write.Done;
    }

    /// <summary>Asks for entries.</summary>
    public Task<LogBatch> ReadAsync(ulong fromIndex, ulong throughIndex, int bytesMax)
    {
        var read = new StoreRead(fromIndex, throughIndex, bytesMax);
        Enqueue(read);
        return read.Done;
    }

    /// <summary>Ends the thread, after what it is doing now.</summary>
    /// <returns>Completes when the database is closed.</returns>
    public Task StopAsync()
    {
        lock (_lock)
        {
            _isStopped = true;
            if (!_closed.Task.IsCompleted)
            {
                _wake.Set();
            }
        }

        return _closed.Task;
    }

    private void Enqueue(StoreWork work)
    {
        lock (_lock)
        {
            if (!_isStopped)
            {
                _waiting.Add(work);
                _wake.Set();
                return;
            }
        }

        work.Fail(Disposed());
    }

    private StoreException Disposed() => new($"The store in {_path} was disposed.");

    private void Run()
    {
        IDocumentDatabase? database = null;
        try
        {
            database = _open();
            var content = StoreContent.Load(database, _path, _cacheBytes);
            Publish(content);
            _opened.SetResult(content);
            Serve(content);
        }
        catch (Exception failure)
        {
            // Whoever opens the store awaits it; once it is open, nothing is written any more.
            _fuse.Blow(_path, failure);
            _opened.TrySetException(failure);
        }
        finally
        {
            Close(database);
        }
    }

    private void Serve(StoreContent content)
    {
        var taken = new List<StoreWork>();
        while (true)
        {
            // What was let go is deleted while there is nothing else to do.
            _wake.WaitOne(MayDrop(content) ? 0 : Timeout.Infinite);
            bool isStopped;
            lock (_lock)
            {
                (taken, _waiting) = (_waiting, taken);
                isStopped = _isStopped;
            }

            try
            {
                Write(content, taken);
                Read(content, taken);
            }
            catch (Exception failure)
            {
                StoreException told = _fuse.Blow(_path, failure);
                taken.ForEach(work => work.Fail(told));
                throw;
            }

            if (isStopped)
            {
                return;
            }

            if (taken.Count == 0 && MayDrop(content))
            {
                Drop(content);
            }

            taken.Clear();
        }
    }

    private void Write(StoreContent content, List<StoreWork> taken)
    {
        StoreWrite[] writes = [.. taken.OfType<StoreWrite>()];
        if (writes.Length == 0)
        {
            return;
        }

        StoreException? failure = null;
        try
        {
            WriteAll(content, writes);
        }
        catch (Exception cause)
        {
            // Whatever it was: what stands in memory and on disk is no longer known.
            failure = _fuse.Blow(_path, cause);
        }

        foreach (StoreWrite write in writes)
        {
            if (failure is null)
            {
                write.Complete();
            }
            else
            {
                write.Fail(failure);
            }
        }
    }

    private void WriteAll(StoreContent content, StoreWrite[] writes)
    {
        _fuse.Check();
        foreach (StoreWrite write in writes)
        {
            // A transaction deletes before it writes: what is deleted must not be written by it.
            if (write.IsTruncation)
            {
                Commit(content);
            }

            while (!write.Plan(content, _changes))
            {
                Commit(content);
            }
        }

        Commit(content);
        Publish(content);
    }

    private void Commit(StoreContent content)
    {
        if (!_changes.IsEmpty)
        {
            content.Database.Commit(_changes);
            _changes.Clear();
        }
    }

    private bool MayDrop(StoreContent content) => content.Writer.HasDropped && !_fuse.IsBlown;

    private void Drop(StoreContent content)
    {
        try
        {
            content.Writer.DropOldest(_changes);
            Commit(content);
            Publish(content);
        }
        catch (Exception failure)
        {
            // Nobody waits for it. Whoever asks for something next is told.
            _fuse.Blow(_path, failure);
        }
    }

    private void Publish(StoreContent content)
    {
        Volatile.Write(ref _firstIndex, content.FirstIndex);
        Volatile.Write(ref _lastIndex, content.LastIndex);
        Volatile.Write(ref _knownCommitIndex, content.Writer.KnownCommitIndex);
    }

    private void Read(StoreContent content, List<StoreWork> taken)
    {
        foreach (StoreRead read in taken.OfType<StoreRead>())
        {
            try
            {
                _fuse.Check();
                read.Perform(content);
                read.Complete();
            }
            catch (LogNotFoundException absent)
            {
                read.Fail(absent);
            }
            catch (Exception failure)
            {
                // LiteDB closes itself after some of its errors; what it would write afterwards cannot be trusted.
                _fuse.Blow(_path, failure);
                read.Fail(failure as StoreException
                    ?? new StoreException($"Reading from {_path} failed: {failure.Message}", failure));
            }
        }
    }

    private void Close(IDocumentDatabase? database)
    {
        try
        {
            database?.Dispose();
        }
        catch (Exception failure)
        {
            // All that was acknowledged is in the log already: a checkpoint that fails loses nothing.
            _fuse.Blow(_path, failure);
        }

        lock (_lock)
        {
            _isStopped = true;
            foreach (StoreWork work in _waiting)
            {
                work.Fail(Disposed());
            }

            _wake.Dispose();
            _closed.SetResult();
        }
    }
}
