namespace Raft;

/// <summary>
/// How much a node takes on before it holds back. A full limit is back-pressure on the one who sends or a typed error,
/// never growing memory.
/// </summary>
public sealed record RaftLimits
{
    /// <summary>The most bytes of one command with its extensions. Default 8 MiB, what the transport takes too.</summary>
    public int EntryBytesMax { get; init; } = 8 << 20;

    /// <summary>Commands that wait for the leader loop; further callers wait for a place. Default 8192.</summary>
    public int ApplyQueueCountMax { get; init; } = 8192;

    /// <summary>Bytes of commands that wait for the leader loop. Default 64 MiB.</summary>
    public long ApplyQueueBytesMax { get; init; } = 64 << 20;

    /// <summary>Callers that wait for a place in the apply queue; one more is refused at once. Default 1,048,576.</summary>
    public int ApplyWaitersMax { get; init; } = 1 << 20;

    /// <summary>
    /// Bytes of the commands of callers that wait for a place in the apply queue, and 512 for each call itself; a command that
    /// would go over it is refused at once. Default 64 MiB.
    /// </summary>
    public long ApplyWaitersBytesMax { get; init; } = 64 << 20;

    /// <summary>Commands appended in one turn of the leader loop (group commit). Default 1024.</summary>
    public int BatchCountMax { get; init; } = 1024;

    /// <summary>Bytes of commands appended in one turn of the leader loop. Default 256 KiB.</summary>
    public int BatchBytesMax { get; init; } = 256 << 10;

    /// <summary>
    /// Bytes appended by this leader and not committed; over it the apply queue is left alone. Entries that are not committed stay
    /// in memory up to so many bytes, also on a follower. Default 64 MiB.
    /// </summary>
    public long UncommittedBytesMax { get; init; } = 64 << 20;

    /// <summary>
    /// Bytes appended by this leader and not applied here; over it the apply queue is left alone. Default 256 MiB.
    /// </summary>
    public long UnappliedBytesMax { get; init; } = 256 << 20;

    /// <summary>Bytes appended and not durable here; over it no appends are taken. Default 64 MiB.</summary>
    public long UndurableBytesMax { get; init; } = 64 << 20;

    /// <summary>AppendEntries on their way to one follower. Default 4.</summary>
    public int InFlightCountMax { get; init; } = 4;

    /// <summary>Bytes of entries on their way to one follower; one request is always let through. Default 4 MiB.</summary>
    public long InFlightBytesMax { get; init; } = 4 << 20;

    /// <summary>Bytes of entries in one AppendEntries; one entry is always let through. Default 256 KiB.</summary>
    public int AppendBytesMax { get; init; } = 256 << 10;

    /// <summary>Entries in one AppendEntries to a server that is known to be of this library. Default 1024.</summary>
    public int AppendCountMax { get; init; } = 1024;

    /// <summary>Bytes of committed entries handed to the state machine and not applied yet. Default 16 MiB.</summary>
    public long FsmReadAheadBytesMax { get; init; } = 16 << 20;

    /// <summary>
    /// Bytes of durable and committed entries that stay in memory for followers a little behind; of those that are not
    /// committed, <see cref="UncommittedBytesMax"/>. Default 8 MiB.
    /// </summary>
    public long TailBytesMax { get; init; } = 8 << 20;

    /// <summary>The most bytes of a snapshot that a leader may send here. Default 1 TiB.</summary>
    public long SnapshotBytesMax { get; init; } = 1L << 40;

    /// <summary>
    /// The most bytes a second of one snapshot that a leader sends, at least 1 MiB. A snapshot at full speed takes the processors, the
    /// disk and the network away from commands where they are short. While it is sent the leader's log is not compacted, and a new
    /// leader begins again: give as much as sends one within minutes. Default <see cref="long.MaxValue"/>: as fast as it goes.
    /// </summary>
    public long SnapshotSendBytesPerSecond { get; init; } = long.MaxValue;

    /// <summary>Reads, verifications and other questions that are not answered yet. Default 65,536.</summary>
    public int RequestQueueCountMax { get; init; } = 1 << 16;

    /// <summary>One buffer holds an entry with what its encoding adds; the transport takes no more either.</summary>
    private const int EntryBytesMost = 1 << 30;

    /// <summary>Below it the receiver could take the sender for dead between two pieces.</summary>
    private const long SnapshotSendBytesPerSecondLeast = 1 << 20;

    /// <summary>About how many bytes a call takes in memory beside its command.</summary>
    internal const int CallBytes = 512;

    internal void Validate()
    {
        Refuse(EntryBytesMax < 1, nameof(EntryBytesMax));
        Refuse(ApplyQueueCountMax < 1, nameof(ApplyQueueCountMax));
        Refuse(ApplyQueueBytesMax < 1, nameof(ApplyQueueBytesMax));
        Refuse(ApplyWaitersMax < 0, nameof(ApplyWaitersMax));
        Refuse(ApplyWaitersBytesMax < 0, nameof(ApplyWaitersBytesMax));
        Refuse(BatchCountMax < 1, nameof(BatchCountMax));
        Refuse(BatchBytesMax < 1, nameof(BatchBytesMax));
        Refuse(UncommittedBytesMax < 1, nameof(UncommittedBytesMax));
        Refuse(UnappliedBytesMax < 1, nameof(UnappliedBytesMax));
        Refuse(UndurableBytesMax < 1, nameof(UndurableBytesMax));
        Refuse(InFlightCountMax < 1, nameof(InFlightCountMax));
        Refuse(InFlightBytesMax < 1, nameof(InFlightBytesMax));
        Refuse(AppendBytesMax < 1, nameof(AppendBytesMax));
        Refuse(AppendCountMax < 1, nameof(AppendCountMax));
        Refuse(FsmReadAheadBytesMax < 1, nameof(FsmReadAheadBytesMax));
        Refuse(TailBytesMax < 0, nameof(TailBytesMax));
        Refuse(SnapshotBytesMax < 1, nameof(SnapshotBytesMax));
        Refuse(RequestQueueCountMax < 1, nameof(RequestQueueCountMax));
        Refuse(SnapshotSendBytesPerSecond < SnapshotSendBytesPerSecondLeast, nameof(SnapshotSendBytesPerSecond), SnapshotSendBytesPerSecondLeast);
        if (EntryBytesMax > EntryBytesMost)
        {
            throw new ArgumentException($"RaftLimits.EntryBytesMax is too large: give at most {EntryBytesMost}.");
        }
    }

    private static void Refuse(bool wrong, string name, long least = 1)
    {
        if (wrong)
        {
            throw new ArgumentException($"RaftLimits.{name} is too small: give at least {least}.");
        }
    }
}
