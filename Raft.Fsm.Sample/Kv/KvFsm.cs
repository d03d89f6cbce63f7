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

        var applied = new KvResult(KvOutcome.Applied, entry.Index, entry.Term);
        return command!.Client is null ? Apply(command, applied) : ApplyOnce(command, applied);
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot() => new KvSnapshot([.. _state.Values], [.. _state.Sessions.Entries]);

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

    // A repeated request is answered and not applied: its first answer may have been lost on the way. Sessions are never
    // expired here, so that one that is not known is always a new one.
    private KvResult ApplyOnce(KvCommand command, KvResult applied)
    {
        var request = new SessionRequest(command.Client!, command.Request);
        SessionAnswer check = _state.Sessions.Check(request, applied.Index);
        switch (check.Verdict)
        {
            case SessionVerdict.New:
                KvResult result = Apply(command, applied);
                _state.Sessions.Record(request, applied.Index, KvResultEncoding.Encode(result));
                return result;
            case SessionVerdict.Repeated:
                return KvResultEncoding.Decode(check.Result.Span);
            case SessionVerdict.Superseded:
                return applied with
                {
                    Outcome = KvOutcome.Superseded,
                    Error = $"request {command.Request} of {command.Client} came after its request "
                        + $"{_state.Sessions.Find(command.Client!)!.Number} was applied",
                };
            default:
                return applied with { Outcome = KvOutcome.NotACommand, Error = "the name of a client is too long" };
        }
    }

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
