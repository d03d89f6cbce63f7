namespace Raft.Stores.LiteDb.Runs;

/// <summary>
/// The runs that were read last, so that those who read on do not decode a run for each entry. Owned by the store's thread.
/// </summary>
/// <param name="bytesMax">How many bytes of entries are kept; of a larger run none.</param>
internal sealed class RunCache(long bytesMax)
{
    private readonly Dictionary<ulong, LinkedListNode<LogBatch>> _byFirst = [];
    private readonly LinkedList<LogBatch> _newestFirst = new();
    private long _bytes;

    /// <summary>Finds a run.</summary>
    /// <param name="firstIndex">Its first index.</param>
    /// <param name="lastIndex">Its last index: a run that was made longer is read anew.</param>
    /// <returns>Its entries, or null.</returns>
    public LogBatch? Find(ulong firstIndex, ulong lastIndex)
    {
        if (!_byFirst.TryGetValue(firstIndex, out LinkedListNode<LogBatch>? found) || found.Value.LastIndex != lastIndex)
        {
            return null;
        }

        _newestFirst.Remove(found);
        _newestFirst.AddFirst(found);
        return found.Value;
    }

    /// <summary>Keeps a run, and lets go of those that were not used for longest.</summary>
    public void Keep(LogBatch run)
    {
        Forget(run.FirstIndex);
        if (run.Encoded.Length > bytesMax)
        {
            return;
        }

        _byFirst[run.FirstIndex] = _newestFirst.AddFirst(run);
        _bytes += run.Encoded.Length;
        while (_bytes > bytesMax)
        {
            Forget(_newestFirst.Last!.Value.FirstIndex);
        }
    }

    /// <summary>Lets go of a run that was changed or deleted.</summary>
    public void Forget(ulong firstIndex)
    {
        if (_byFirst.Remove(firstIndex, out LinkedListNode<LogBatch>? found))
        {
            _newestFirst.Remove(found);
            _bytes -= found.Value.Encoded.Length;
        }
    }
}
