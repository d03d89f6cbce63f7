namespace Raft.Stores.Wal.Snapshots;

/// <summary>Which snapshots are whole and durable, and which names are taken. Owned by the <see cref="SnapshotFolder"/>.</summary>
/// <param name="retain">How many snapshots are kept.</param>
internal sealed class SnapshotCatalog(int retain)
{
    // Sinks and sources are used by tasks on several schedulers, which know nothing of one another. Nothing waits
    // while it is held.
    private readonly Lock _lock = new();
    private readonly List<StoredSnapshot> _newestFirst = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The newest snapshots, as many as are kept.</summary>
    public IReadOnlyList<SnapshotMeta> List()
    {
        lock (_lock)
        {
            return [.. _newestFirst.Take(retain).Select(snapshot => snapshot.Meta)];
        }
    }

    /// <summary>The snapshot of that name, or null.</summary>
    public StoredSnapshot? Find(string id)
    {
        lock (_lock)
        {
            return _newestFirst.Find(snapshot => snapshot.Meta.Id == id);
        }
    }

    /// <summary>Takes in a snapshot that is durable.</summary>
    public void Add(StoredSnapshot snapshot)
    {
        lock (_lock)
        {
            int at = _newestFirst.FindIndex(other => IsNewer(snapshot.Meta, other.Meta));
            _newestFirst.Insert(at < 0 ? _newestFirst.Count : at, snapshot);
        }
    }

    /// <summary>Takes out the oldest snapshot if there are more than are kept, so that nobody opens it any more.</summary>
    public StoredSnapshot? TakeExcess()
    {
        lock (_lock)
        {
            if (_newestFirst.Count <= retain)
            {
                return null;
            }

            StoredSnapshot oldest = _newestFirst[^1];
            _newestFirst.RemoveAt(_newestFirst.Count - 1);
            return oldest;
        }
    }

    /// <summary>Takes a name that no other snapshot has: with the present millisecond, or the next that is free.</summary>
    public string TakeId(SnapshotPoint point, DateTimeOffset now)
    {
        lock (_lock)
        {
            for (long milliseconds = Math.Max(0, now.ToUnixTimeMilliseconds()); ; milliseconds++)
            {
                string id = SnapshotFiles.Id(point, milliseconds);
                if (_taken.Add(id))
                {
                    return id;
                }
            }
        }
    }

    /// <summary>Takes the name of a directory that is there.</summary>
    public void Take(string id)
    {
        lock (_lock)
        {
            _taken.Add(id);
        }
    }

    /// <summary>Gives a name back of which nothing is left on disk.</summary>
    public void Free(string id)
    {
        lock (_lock)
        {
            _taken.Remove(id);
        }
    }

    // As hashicorp/raft orders them: a snapshot is not newer for having been taken later.
    private static bool IsNewer(SnapshotMeta one, SnapshotMeta other) =>
        one.Term != other.Term ? one.Term > other.Term
        : one.Index != other.Index ? one.Index > other.Index
        : string.CompareOrdinal(one.Id, other.Id) > 0;
}
