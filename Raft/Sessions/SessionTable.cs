using System.Text;

namespace Raft;

/// <summary>
/// The last request of each client with its result, by which a state machine applies a request once however often it comes
/// (thesis 6.3). It is part of the replicated state: its state machine owns it, asks it in <see cref="IFsm.Apply"/>, and
/// writes it into its snapshots. Used by one task at a time.
/// </summary>
/// <remarks>
/// <para>
/// A client has one request under way at a time. For each that is <see cref="SessionVerdict.New"/> the state machine
/// applies the command and then calls <see cref="Record"/>; to all others it answers what <see cref="Check"/> said.
/// </para>
/// <para>
/// One session a client is kept until <see cref="Expire"/> lets go of it, which is to be called for a command in the log,
/// so that it happens at the same place on every server. What was forgotten must not be taken for new: so the table keeps
/// the index of the newest request that it forgot (<see cref="ForgottenIndex"/>), and a session that is not in the table may
/// begin only if it was opened at that index or later. A forgotten request was applied after its session was opened, so
/// that session was opened before, and none of its requests is ever applied again. A client whose session is forgotten
/// opens a new one, at an index that it learns from the answer. Where nothing is ever expired, every new name begins a session.
/// </para>
/// <para>Decided by nothing but what it was told: equal commands lead to equal bytes on every server.</para>
/// </remarks>
public sealed class SessionTable
{
    /// <summary>The most bytes of a client's name in UTF-8.</summary>
    public const int ClientBytesMax = 1024;

    private readonly Dictionary<string, LinkedListNode<SessionEntry>> _byClient = new(StringComparer.Ordinal);

    // By index, the oldest first. Equal ones, which only a restored table can have, in the order of their names.
    private readonly LinkedList<SessionEntry> _byAge = [];

    /// <summary>How many sessions are known.</summary>
    public int Count => _byAge.Count;

    /// <summary>The index of the newest request that was recorded; 0 for none.</summary>
    /// <remarks>
    /// The requests of a table have rising indexes: those in the log, mostly. Where a state comes from the backup of another
    /// cluster, whose log was longer, they are counted on from there.
    /// </remarks>
    public ulong LastIndex { get; private set; }

    /// <summary>The index of the newest request whose session was let go of; 0 for none.</summary>
    public ulong ForgottenIndex { get; private set; }

    /// <summary>The sessions, the one whose last request is oldest first.</summary>
    public IEnumerable<SessionEntry> Entries => _byAge;

    /// <summary>Puts a table together out of what a state machine wrote in a form of its own.</summary>
    /// <param name="entries">The sessions, in any order.</param>
    /// <param name="forgottenIndex">The <see cref="ForgottenIndex"/>.</param>
    /// <param name="lastIndex">The <see cref="LastIndex"/>, where it is not that of an entry.</param>
    /// <returns>The table.</returns>
    /// <exception cref="ArgumentException">No table is like that: a client stands twice, for example.</exception>
    public static SessionTable Of(IEnumerable<SessionEntry> entries, ulong forgottenIndex = 0, ulong lastIndex = 0)
    {
        ArgumentNullException.ThrowIfNull(entries);
        SessionEntry[] sorted = [.. entries];
        Array.Sort(sorted, static (one, other) => Compare(one, other));
        ulong last = Math.Max(lastIndex, sorted.Length == 0 ? 0 : sorted[^1].Index);
        var table = new SessionTable();
        string? wrong = table.Begin(forgottenIndex, Math.Max(last, forgottenIndex));
        foreach (SessionEntry entry in sorted)
        {
            wrong ??= table.Append(entry);
        }

        return wrong is null ? table : throw new ArgumentException(wrong, nameof(entries));
    }

    /// <summary>Reads a table that <see cref="Snapshot"/> wrote, and not a byte beyond it.</summary>
    /// <param name="snapshot">Begins with the table.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The table.</returns>
    /// <exception cref="InvalidDataException">It is none, damaged, or of another version.</exception>
    public static Task<SessionTable> ReadAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new SessionTableReader(snapshot, cancellationToken).ReadAsync();
    }

    /// <summary>Whether a text can be a client's name: well-formed, and 1 to <see cref="ClientBytesMax"/> bytes of UTF-8.</summary>
    /// <param name="client">The text.</param>
    /// <returns>Whether it can.</returns>
    public static bool IsClient(string? client)
    {
        if (string.IsNullOrEmpty(client) || client.Length > ClientBytesMax)
        {
            return false;
        }

        ReadOnlySpan<char> rest = client;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int read) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            rest = rest[read..];
        }

        return Encoding.UTF8.GetByteCount(client) <= ClientBytesMax;
    }

    /// <summary>Looks a session up.</summary>
    /// <param name="client">The client's name.</param>
    /// <returns>What is remembered of it; null where it is not known.</returns>
    public SessionEntry? Find(string client) => _byClient.TryGetValue(client, out LinkedListNode<SessionEntry>? known) ? known.Value : null;

    /// <summary>Says what a request is. Changes nothing, and throws nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">The index of its entry.</param>
    /// <returns>What it is. If it is new, apply it and call <see cref="Record"/>, before anything else is checked.</returns>
    public SessionAnswer Check(SessionRequest request, ulong index)
    {
        if (request.Client is null)
        {
            return default;
        }

        if (!_byClient.TryGetValue(request.Client, out LinkedListNode<SessionEntry>? known))
        {
            return request.OpenedAt < ForgottenIndex ? Unknown(index)
                : request.OpenedAt < Place(index) && IsClient(request.Client) ? new SessionAnswer(SessionVerdict.New, index, default)
                : default;
        }

        SessionEntry last = known.Value;
        if (request.OpenedAt != last.OpenedAt)
        {
            // Another session under the same name. A forgotten one's requests stay forgotten, though the name is back.
            return request.OpenedAt < ForgottenIndex ? Unknown(index) : default;
        }

        return request.Number > last.Number ? new SessionAnswer(SessionVerdict.New, index, default)
            : request.Number == last.Number ? new SessionAnswer(SessionVerdict.Repeated, last.Index, last.Result)
            : new SessionAnswer(SessionVerdict.Superseded, last.Index, default);
    }

    /// <summary>Remembers a request that was applied.</summary>
    /// <param name="request">The request, which <see cref="Check"/> called new.</param>
    /// <param name="index">The index of its entry.</param>
    /// <param name="result">Its result, for repetitions. The bytes must never change; keep them few.</param>
    /// <exception cref="InvalidOperationException">The request is not new.</exception>
    public void Record(SessionRequest request, ulong index, ReadOnlyMemory<byte> result)
    {
        if (Check(request, index).Verdict != SessionVerdict.New)
        {
            throw new InvalidOperationException($"Request {request.Number} of {request.Client} is not new: nothing may be applied for it.");
        }

        LastIndex = Place(index);
        var entry = new SessionEntry(request.Client, request.OpenedAt, request.Number, LastIndex, result);
        if (_byClient.TryGetValue(request.Client, out LinkedListNode<SessionEntry>? known))
        {
            _byAge.Remove(known);
            known.Value = entry;
            _byAge.AddLast(known);
        }
        else
        {
            _byClient.Add(request.Client, _byAge.AddLast(entry));
        }
    }

    /// <summary>
    /// Lets go of the sessions that are idle for longest, by their last index. To be called for a command in the log, never for
    /// anything that differs from server to server, as time does.
    /// </summary>
    /// <param name="limit">How many sessions to keep at most, at least 0.</param>
    /// <returns>How many were let go of.</returns>
    public int Expire(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        int count = Math.Max(0, Count - limit);
        for (int i = 0; i < count; i++)
        {
            SessionEntry oldest = _byAge.First!.Value;
            ForgottenIndex = Math.Max(ForgottenIndex, oldest.Index);
            _byClient.Remove(oldest.Client);
            _byAge.RemoveFirst();
        }

        return count;
    }

    /// <summary>
    /// Holds on to the table as it is now; what it writes is a table for <see cref="ReadAsync"/> (docs/formats.md), in front of
    /// or behind what the state machine writes itself.
    /// </summary>
    /// <returns>The table, which shows nothing of what is recorded later.</returns>
    public IFsmSnapshot Snapshot() => new SessionTableSnapshot([.. _byAge], ForgottenIndex, LastIndex);

    /// <summary>Begins an empty table that is being restored.</summary>
    /// <returns>What is wrong with it; null for nothing.</returns>
    internal string? Begin(ulong forgottenIndex, ulong lastIndex)
    {
        ForgottenIndex = forgottenIndex;
        LastIndex = lastIndex;
        return lastIndex > long.MaxValue ? $"no log has an entry {lastIndex}"
            : forgottenIndex > lastIndex ? $"request {forgottenIndex} is forgotten, and the last one was {lastIndex}"
            : null;
    }

    /// <summary>Adds a session behind those already there.</summary>
    /// <returns>What is wrong with it; null for nothing.</returns>
    internal string? Append(SessionEntry entry)
    {
        string? wrong = !IsClient(entry.Client) ? "a client has no name that a client can have"
            : entry.OpenedAt > entry.Index ? $"the session of {entry.Client} was opened after its last request"
            : entry.Index > LastIndex ? $"{entry.Client} has a request {entry.Index}, and the last one was {LastIndex}"
            : ForgottenIndex > 0 && entry.Index <= ForgottenIndex ? $"the session of {entry.Client} is older than a forgotten one"
            : _byAge.Last is { } last && Compare(last.Value, entry) >= 0 ? $"the session of {entry.Client} is out of order"
            : null;
        if (wrong is null && !_byClient.TryAdd(entry.Client, _byAge.AddLast(entry)))
        {
            wrong = $"{entry.Client} has two sessions";
        }

        return wrong;
    }

    private static int Compare(SessionEntry one, SessionEntry other) => one.Index != other.Index
        ? one.Index.CompareTo(other.Index)
        : string.CompareOrdinal(one.Client, other.Client);

    private SessionAnswer Unknown(ulong index) => new(SessionVerdict.Unknown, Place(index) - 1, default);

    private ulong Place(ulong index) => Math.Max(index, LastIndex + 1);
}
