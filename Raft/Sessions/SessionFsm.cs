using Raft.Mutations;

namespace Raft;

/// <summary>
/// Stands before a state machine that knows nothing of sessions and lets each request of a <see cref="Session"/> through to
/// it once (thesis 6.3). Commands come in a <see cref="SessionEnvelope"/>; the state machine sees what is inside.
/// </summary>
/// <remarks>
/// <para>
/// The answer to a command in an envelope is a <see cref="SessionAnswer"/>, to <see cref="SessionEnvelope.Expire"/> an
/// <see cref="int"/>. Bytes that are no envelope go through as they are, with the state machine's own answer: commands that
/// need no session, sent again at the sender's risk. Bytes that begin as an envelope does and cannot be read, being damaged
/// or of a later version, are answered with <see cref="SessionVerdict.Refused"/>, and reach the state machine nowhere.
/// </para>
/// <para>
/// A snapshot holds the table of sessions, and behind it the state machine's own bytes (docs/formats.md); one without a table
/// is refused. So a state machine is run with sessions on all servers of a cluster, from its beginning.
/// </para>
/// <para>
/// The sessions live in memory and in snapshots: not for a state machine that keeps its state itself, and is started with
/// <see cref="RaftConfig.NoSnapshotRestoreOnStart"/>. Such a one keeps a <see cref="SessionTable"/> of its own, beside its state.
/// </para>
/// <para>Where the state machine is an <see cref="IBatchingFsm"/> or an <see cref="IConfigurationStore"/>, so is this.</para>
/// </remarks>
public class SessionFsm : IFsm
{
    private readonly Func<object?, ReadOnlyMemory<byte>> _encode;

    private SessionFsm(IFsm inner, Func<object?, ReadOnlyMemory<byte>> encode)
    {
        Inner = inner;
        _encode = encode;
    }

    /// <summary>The state machine within, for reads.</summary>
    public IFsm Inner { get; }

    /// <summary>The sessions, to be read like the state machine: by <see cref="RaftNode.InspectAsync{T}"/>.</summary>
    public SessionTable Sessions { get; private set; } = new();

    /// <summary>The bug planted here; none in production.</summary>
    internal Mutation Mutation { get; init; }

    /// <summary>Stands before a state machine.</summary>
    /// <param name="inner">The state machine, empty; used by nothing else from now on, but for reads.</param>
    /// <param name="encode">
    /// Turns an answer of the state machine into bytes that never change: they are what its caller gets, and are kept for
    /// repetitions. Like the state machine it must do the same on every server and never throw; <see cref="Bytes"/> does for
    /// those that answer bytes.
    /// </param>
    /// <returns>The state machine to start a node with.</returns>
    /// <exception cref="ArgumentException">
    /// It keeps its state on a disk of its own (<see cref="IDurableFsm"/>): give it a <see cref="SessionTable"/> there.
    /// </exception>
    public static SessionFsm Around(IFsm inner, Func<object?, ReadOnlyMemory<byte>> encode) => Around(inner, encode, Mutation.None);

    /// <summary>For <see cref="Around(IFsm, Func{object?, ReadOnlyMemory{byte}})"/>: an answer that is bytes already, or null for none.</summary>
    /// <param name="answer">A byte array, a <see cref="ReadOnlyMemory{T}"/> of bytes, or null.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentException">The answer is something else.</exception>
    public static ReadOnlyMemory<byte> Bytes(object? answer) => answer switch
    {
        null => default,
        byte[] bytes => bytes,
        ReadOnlyMemory<byte> bytes => bytes,
        _ => throw new ArgumentException($"The state machine answered {answer.GetType()}, which has no bytes: encode it.", nameof(answer)),
    };

    /// <inheritdoc/>
    public object? Apply(LogEntry entry)
    {
        if (!TryOpen(entry, out SessionRequest request, out LogEntry command, out object? answer))
        {
            return answer;
        }

        object? response = Inner.Apply(command);
        return request.Client is null ? response : Remember(request, command, response);
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot() => new Held(
        (Mutation == Mutation.SessionsNotInSnapshot ? new SessionTable() : Sessions).Snapshot(), Inner.Snapshot());

    /// <inheritdoc/>
    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        SessionTable restored = await SessionTable.ReadAsync(snapshot, cancellationToken);
        await Inner.RestoreAsync(snapshot, cancellationToken);
        Sessions = restored;
    }

    internal static SessionFsm Around(IFsm inner, Func<object?, ReadOnlyMemory<byte>> encode, Mutation mutation)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(encode);
        if (inner is IDurableFsm)
        {
            throw new ArgumentException(
                $"{inner.GetType()} keeps its state on its own disk, where the sessions must stand in the same transaction: let it ask a "
                + $"{nameof(SessionTable)} of its own.", nameof(inner));
        }

        return (inner as IBatchingFsm, inner as IConfigurationStore) switch
        {
            ({ } batching, { } store) => new BatchingStore(batching, store, encode) { Mutation = mutation },
            ({ } batching, null) => new Batching(batching, encode) { Mutation = mutation },
            (null, { } store) => new Store(store, encode) { Mutation = mutation },
            _ => new SessionFsm(inner, encode) { Mutation = mutation },
        };
    }

    /// <summary>Finds out what an entry means for the state machine.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="request">Which request it is; without a client where it is none.</param>
    /// <param name="command">What the state machine is to apply.</param>
    /// <param name="answer">The answer, where it applies nothing.</param>
    /// <returns>Whether it is to apply something.</returns>
    private bool TryOpen(LogEntry entry, out SessionRequest request, out LogEntry command, out object? answer)
    {
        command = entry;
        request = default;
        answer = null;
        ReadOnlySpan<byte> data = entry.Data.Span;
        if (entry.Type != LogType.Command || !SessionEnvelope.Begins(data))
        {
            return true;
        }

        if (SessionEnvelope.TryReadExpire(data, out int limit))
        {
            answer = Sessions.Expire(limit);
            return false;
        }

        SessionAnswer check = SessionEnvelope.TryRead(data, out request, out int start) ? Sessions.Check(request, entry.Index) : default;
        if (check.Verdict != SessionVerdict.New)
        {
            answer = check;
            return false;
        }

        command = entry.WithoutFirst(start);
        return true;
    }

    private SessionAnswer Remember(SessionRequest request, LogEntry command, object? response)
    {
        ReadOnlyMemory<byte> result = _encode(response);
        Sessions.Record(request, command.Index, result);
        return new SessionAnswer(SessionVerdict.New, command.Index, result);
    }

    private sealed class Held(IFsmSnapshot sessions, IFsmSnapshot inner) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
        {
            await sessions.PersistAsync(destination, cancellationToken);
            await inner.PersistAsync(destination, cancellationToken);
        }

        public void Dispose()
        {
            sessions.Dispose();
            inner.Dispose();
        }
    }

    private class Batching(IBatchingFsm inner, Func<object?, ReadOnlyMemory<byte>> encode) : SessionFsm(inner, encode), IBatchingFsm
    {
        // What goes to the state machine in one call: entries, their places in the node's batch, their requests.
        private readonly List<LogEntry> _run = [];
        private readonly List<(int Place, SessionRequest Request)> _places = [];
        private readonly HashSet<string> _clients = new(StringComparer.Ordinal);

        /// <inheritdoc/>
        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                if (MustWait(entries[i]))
                {
                    ApplyRun(responses);
                }

                if (!TryOpen(entries[i], out SessionRequest request, out LogEntry command, out object? answer))
                {
                    responses[i] = answer;
                    continue;
                }

                _run.Add(command);
                _places.Add((i, request));
                if (request.Client is not null)
                {
                    _clients.Add(request.Client);
                }
            }

            ApplyRun(responses);
        }

        /// <summary>
        /// Whether what is in the run bears on this entry, so that it must be in the table first: batches are cut differently
        /// on each server, and may not show in the state.
        /// </summary>
        private bool MustWait(LogEntry entry)
        {
            ReadOnlySpan<byte> data = entry.Data.Span;
            return _clients.Count > 0 && entry.Type == LogType.Command && SessionEnvelope.Begins(data)
                && (!SessionEnvelope.TryRead(data, out SessionRequest request, out _) || _clients.Contains(request.Client)
                    || Sessions.LastIndex >= entry.Index);
        }

        private void ApplyRun(Span<object?> responses)
        {
            if (_run.Count == 0)
            {
                return;
            }

            object?[] answers = new object?[_run.Count];
            inner.ApplyBatch(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_run), answers);
            for (int i = 0; i < answers.Length; i++)
            {
                (int place, SessionRequest request) = _places[i];
                responses[place] = request.Client is null ? answers[i] : Remember(request, _run[i], answers[i]);
            }

            _run.Clear();
            _places.Clear();
            _clients.Clear();
        }
    }

    private sealed class Store(IConfigurationStore inner, Func<object?, ReadOnlyMemory<byte>> encode)
        : SessionFsm(inner, encode), IConfigurationStore
    {
        /// <inheritdoc/>
        public void StoreConfiguration(ulong index, ClusterConfiguration configuration) => inner.StoreConfiguration(index, configuration);
    }

    private sealed class BatchingStore(
        IBatchingFsm inner, IConfigurationStore store, Func<object?, ReadOnlyMemory<byte>> encode) : Batching(inner, encode), IConfigurationStore
    {
        /// <inheritdoc/>
        public void StoreConfiguration(ulong index, ClusterConfiguration configuration) => store.StoreConfiguration(index, configuration);
    }
}
