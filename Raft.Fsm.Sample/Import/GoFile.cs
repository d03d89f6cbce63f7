using System.Buffers.Binary;
using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Import;

/// <summary>
/// Makes a Go node's file of no use to any Go node, also to one that has it open already: Bolt opens a file first and then waits
/// for its lock without end. It would go on with what it opened, whatever that is called by then.
/// </summary>
/// <remarks>What the file held is kept beside it before. All of this happens under the file's lock.</remarks>
internal static class GoFile
{
    /// <summary>The name of what the Go node's file held.</summary>
    public const string ImportedName = DataDirectory.GoDatabase + ".imported";

    private const string Unfinished = ImportedName + ".tmp";
    private const int BufferBytes = 1 << 20;

    // docs/formats.md, raft.db of a Go node: where these stand in a meta page.
    private const int MagicAt = 16;
    private const int PageBytesAt = 24;
    private const int TransactionAt = 64;
    private const int MetaBytes = 80;

    private static ReadOnlyMemory<byte> Spoiled { get; } = "GONE"u8.ToArray();

    /// <summary>Keeps what the file holds, to the byte. Durable on return.</summary>
    public static async Task KeepAsync(IDiskFile file, string directory, IDisk disk)
    {
        string unfinished = Path.Combine(directory, Unfinished);
        await disk.DeleteAsync(unfinished);
        await using (IDiskFile kept = await disk.OpenAsync(unfinished, DiskOpenMode.New))
        {
            byte[] buffer = new byte[BufferBytes];
            long offset = 0;
            for (int read; (read = await file.ReadAtAsync(offset, buffer)) > 0; offset += read)
            {
                await kept.WriteAtAsync(offset, buffer.AsMemory(0, read));
            }

            await kept.SyncDataAsync();
        }

        await disk.RenameAsync(unfinished, Path.Combine(directory, ImportedName));
        await disk.SyncDirectoryAsync(directory);
    }

    /// <summary>Whether this was begun. A Go node that wrote since has put it right again.</summary>
    public static async Task<bool> IsSpoiledAsync(IDiskFile file)
    {
        foreach (long page in await MetaPagesAsync(file))
        {
            byte[] magic = new byte[Spoiled.Length];
            if (await file.ReadAtAsync(page + MagicAt, magic) == magic.Length && Spoiled.Span.SequenceEqual(magic))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes its mark from both meta pages; to repeat it changes nothing. Durable on return.</summary>
    public static async Task SpoilAsync(IDiskFile file)
    {
        // The older first: with the newer alone nothing is lost, with the older alone the last transaction would be.
        foreach (long page in await MetaPagesAsync(file))
        {
            await file.WriteAndSyncAsync(page + MagicAt, Spoiled);
        }
    }

    /// <summary>Where the two meta pages begin, the older first.</summary>
    private static async Task<long[]> MetaPagesAsync(IDiskFile file)
    {
        byte[] first = new byte[MetaBytes];
        byte[] second = new byte[MetaBytes];
        if (await file.ReadAtAsync(0, first) < MetaBytes)
        {
            return [];
        }

        long secondAt = BinaryPrimitives.ReadUInt32LittleEndian(first.AsSpan(PageBytesAt));
        return await file.ReadAtAsync(secondAt, second) < MetaBytes ? [0]
            : Transaction(first) < Transaction(second) ? [0, secondAt]
            : [secondAt, 0];
    }

    private static ulong Transaction(byte[] meta) => BinaryPrimitives.ReadUInt64LittleEndian(meta.AsSpan(TransactionAt));
}
