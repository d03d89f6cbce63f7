using Microsoft.Extensions.Logging;

namespace Raft.Stores.Wal;

/// <summary>How a <see cref="FileSnapshotStore"/> keeps snapshots.</summary>
public sealed record FileSnapshotOptions
{
    /// <summary>The default of <see cref="Retain"/>: the newest, and one more should it be damaged.</summary>
    public const int DefaultRetain = 2;

    /// <summary>The least that <see cref="Retain"/> may be.</summary>
    public const int RetainMin = 1;

    /// <summary>The default of <see cref="BufferBytes"/>: 256 KiB.</summary>
    public const int DefaultBufferBytes = 256 << 10;

    /// <summary>The least that <see cref="BufferBytes"/> may be: one page.</summary>
    public const int BufferBytesMin = 4096;

    /// <summary>The most that <see cref="BufferBytes"/> may be.</summary>
    public const int BufferBytesMax = 16 << 20;

    /// <summary>How many snapshots are kept, the newest ones. Each commit deletes the others.</summary>
    public int Retain { get; init; } = DefaultRetain;

    /// <summary>How many bytes go to or come from the disk at once: the memory that each open sink and source takes.</summary>
    public int BufferBytes { get; init; } = DefaultBufferBytes;

    /// <summary>The clock whose milliseconds stand in a snapshot's name; by default the machine's. Nothing depends on it.</summary>
    public TimeProvider TimeProvider { get; init; } = CompositionRoot.SystemTime;

    /// <summary>Where is told what was left out or could not be deleted; by default nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    internal void Validate()
    {
        if (Retain < RetainMin)
        {
            throw new ArgumentOutOfRangeException(nameof(Retain), Retain, $"At least {RetainMin} snapshot is kept.");
        }

        if (BufferBytes is < BufferBytesMin or > BufferBytesMax)
        {
            throw new ArgumentOutOfRangeException(
                nameof(BufferBytes), BufferBytes, $"A buffer has {BufferBytesMin} to {BufferBytesMax} bytes.");
        }
    }
}
