namespace Raft.Fsm.Sample.Kv;

/// <summary>
/// The replicated state: keys with their values, and for each client that numbers its requests the last one with its
/// result. Used from the node's state machine task only, so it needs no locks: reads come by
/// <see cref="RaftNode.InspectAsync{T}"/>.
/// </summary>
internal sealed class KvFsm : IFsm
{
    private KvState _state = new();

    /// <summary>How many keys have a value. May be read from any task, as a figure to show.</summary>
    public int Count => _state.Values.Count;

    /// <inheritdoc/>
    public object? Apply(LogEntry entry)
    {
        if (KvCommandEncoding.TryDecode(entry.Data.Span, out KvCommand? command) is { } error)
        {
            return new KvResult(KvOutcome.NotACommand, entry.Index, entry.Term) { Error = error };
        }

        // A repeated request is answered and not applied: its first answer may have been lost on the way.
        if (command!.Client is { } client && _state.Sessions.TryGetValue(client, out KvSession last))
        {
            if (command.Request == last.Request)
            {
                return last.Result;
            }

            if (command.Request < last.Request)
            {
                return new KvResult(KvOutcome.Superseded, entry.Index, entry.Term)
                {
                    Error = $"request {command.Request} of {client} came after its request {last.Request} was applied",
                };
            }
        }

        KvResult result = Apply(command, new KvResult(KvOutcome.Applied, entry.Index, entry.Term));
        if (command.Client is not null)
        {
            _state.Sessions[command.Client] = new KvSession(command.Request, result);
        }

        return result;
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot() => new KvSnapshot([.. _state.Values], [.. _state.Sessions]);

    /// <inheritdoc/>
    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        var restored = new KvState();
        await KvSnapshotReader.ReadAsync(snapshot, restored, cancellationToken);
        _state = restored;
    }

    /// <summary>The value of a key, or null where it has none. The bytes are never changed.</summary>
    public byte[]? Get(string key) => _state.Values.GetValueOrDefault(key);

    /// <summary>All pairs, in no order.</summary>
    public KeyValuePair<string, byte[]>[] Copy() => [.. _state.Values];

    private KvResult Apply(KvCommand command, KvResult applied)
    {
        switch (command.Operation)
        {
            case KvOperation.Set:
                _state.Values[command.Key] = Own(command.Value);
                return applied;
            case KvOperation.Delete:
                return applied with { Existed = _state.Values.Remove(command.Key) };
            default:
                bool isAsExpected = _state.Values.TryGetValue(command.Key, out byte[]? value)
                    ? command.Expected is { } expected && expected.AsSpan().SequenceEqual(value)
                    : command.Expected is null;
                if (isAsExpected)
                {
                    _state.Values[command.Key] = Own(command.Value);
                }

                return applied with { Swapped = isAsExpected };
        }
    }

    // The decoder made these bytes for this command alone.
    private static byte[] Own(ReadOnlyMemory<byte> value) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(value, out ArraySegment<byte> part)
            && part.Offset == 0 && part.Count == part.Array!.Length
            ? part.Array
            : value.ToArray();
}
