using Raft.Stores.Wal.Format;

namespace Raft.Stores.Wal.Segments;

/// <summary>One file of the log. Written by the <see cref="GroupWriter"/> while it is the newest, and read by anyone.</summary>
internal sealed class Segment
{
    public Segment(IDiskFile file, string path, SegmentHeader header, uint headerChecksum, long length)
    {
        File = file;
        Path = path;
        Header = header;
        Length = length;
        Chain = headerChecksum;
        End = SegmentHeader.PageBytes;
    }

    public IDiskFile File { get; }

    public string Path { get; }

    public SegmentHeader Header { get; }

    /// <summary>How long the file is: zeros from <see cref="End"/> on.</summary>
    public long Length { get; }

    /// <summary>Where the next group goes. Guarded by the <see cref="SegmentSet"/>.</summary>
    public long End { get; set; }

    /// <summary>The checksum of the last record, which the next one is chained to.</summary>
    public uint Chain { get; set; }

    /// <summary>Where its entries stand. Guarded by the <see cref="SegmentSet"/>.</summary>
    public SegmentIndex Index { get; } = new();

    /// <summary>How many reads are under way. Guarded by the <see cref="SegmentSet"/>.</summary>
    public int Readers { get; set; }

    /// <summary>Whether the file was deleted and closes with its last reader. Guarded by the <see cref="SegmentSet"/>.</summary>
    public bool IsDropped { get; set; }
}
