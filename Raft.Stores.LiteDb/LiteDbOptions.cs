using Raft.Stores.Wal;

namespace Raft.Stores.LiteDb;

/// <summary>How a <see cref="LiteDbStore"/> works.</summary>
public sealed record LiteDbOptions
{
    /// <summary>The default of <see cref="CheckpointPages"/>: 1,000 pages of 8 KiB.</summary>
    public const int DefaultCheckpointPages = 1000;

    /// <summary>The least that <see cref="CheckpointPages"/> may be.</summary>
    public const int CheckpointPagesMin = 10;

    /// <summary>The most that <see cref="CheckpointPages"/> may be: 512 MiB.</summary>
    public const int CheckpointPagesMax = 65_536;

    /// <summary>The default of <see cref="CacheBytes"/>: 8 MiB.</summary>
    public const int DefaultCacheBytes = 8 << 20;

    /// <summary>
    /// How many pages of 8 KiB LiteDB's log takes before they are copied into the data file. The more, the rarer and the longer
    /// the pauses, and the larger both the log's file and LiteDB's own cache.
    /// </summary>
    public int CheckpointPages { get; init; } = DefaultCheckpointPages;

    /// <summary>How many bytes of the entries that were read last stay in memory, for whoever reads on.</summary>
    public int CacheBytes { get; init; } = DefaultCacheBytes;

    /// <inheritdoc cref="WalOptions.NextSalt"/>
    public Func<ulong> NextSalt { get; init; } = WalOptions.RandomSalt;

    internal void Validate()
    {
        if (CheckpointPages is < CheckpointPagesMin or > CheckpointPagesMax)
        {
            throw new ArgumentOutOfRangeException(
                nameof(CheckpointPages), CheckpointPages, $"A checkpoint comes after {CheckpointPagesMin} to {CheckpointPagesMax} pages.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(CacheBytes);
    }
}
