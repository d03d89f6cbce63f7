using System.Buffers.Binary;
using Raft.Stores.Wal.Format;

namespace Raft.Stores.LiteDb.Files;

/// <summary>
/// What is known here of LiteDB's pages: how long they are, their number, and two marks in which LiteDB's log notes whose page
/// it is and whether it is the last of its transaction.
/// </summary>
/// <remarks>
/// A checkpoint of LiteDB clears both marks in each page that it copies. So the files hold pages without marks everywhere, and
/// a page's checksum stays the same from the log to the data file; LiteDB is shown the marks while it reads the log.
/// </remarks>
internal static class DatabasePage
{
    public const int Bytes = 8192;

    /// <summary>The most pages that a database may have: 2 TiB.</summary>
    public const uint CountMax = 1 << 28;

    private const int TransactionAt = 14;
    private const int ConfirmedAt = 18;
    private const uint NoTransaction = uint.MaxValue;

    /// <summary>A page's number: its place in the data file.</summary>
    public static uint Id(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt32LittleEndian(page);

    /// <summary>The transaction that a page in the log belongs to.</summary>
    public static uint Transaction(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt32LittleEndian(page[TransactionAt..]);

    /// <summary>Whether a page in the log is the last of its transaction, which is committed with it.</summary>
    public static bool IsConfirmed(ReadOnlySpan<byte> page) => page[ConfirmedAt] != 0;

    /// <summary>Makes a page of the log one of the data file.</summary>
    public static void ClearMarks(Span<byte> page) => SetMarks(page, NoTransaction, isConfirmed: false);

    /// <summary>Makes a page of the data file one of the log.</summary>
    public static void SetMarks(Span<byte> page, uint transaction, bool isConfirmed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page[TransactionAt..], transaction);
        page[ConfirmedAt] = isConfirmed ? (byte)1 : (byte)0;
    }

    /// <summary>The checksum of a page without marks; never 0, which stands for no page.</summary>
    /// <param name="storeId">The store's id, so that a page of another store does not pass for one of this.</param>
    /// <param name="id">The number of the page, so that no page passes for another.</param>
    /// <param name="page">The page.</param>
    public static uint Sum(ulong storeId, uint id, ReadOnlySpan<byte> page) =>
        Math.Max(1, Checksum.Of(Checksum.Of(Checksum.Of(0, storeId), id), page));
}
