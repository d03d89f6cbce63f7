using System.Text;

namespace Raft.Fsm.Sample.Stores;

/// <summary>
/// What stands in the place of a Go node's file when another node has its data. Without it a Go node that is started there
/// would make a new file, and begin with its vote forgotten; with it, it ends with an error.
/// </summary>
internal static class GoStub
{
    private const string Unfinished = DataDirectory.GoDatabase + ".tmp";

    /// <summary>What it says; by that it is known.</summary>
    public static ReadOnlyMemory<byte> Text { get; } = Encoding.UTF8.GetBytes(
        "This is no database. A node of another kind has the data of the Go node that was here (raftkv import): import.json "
        + "says where. Start no Go node on this directory: two servers under one id would vote twice.\n");

    /// <summary>Whether it stands in a directory. Changes nothing.</summary>
    public static async ValueTask<bool> IsThereAsync(string directory, IDisk disk)
    {
        if (!(await disk.ListAsync(directory)).Contains(DataDirectory.GoDatabase))
        {
            return false;
        }

        try
        {
            await using IDiskFile file = await disk.OpenAsync(Path.Combine(directory, DataDirectory.GoDatabase), DiskOpenMode.Existing);
            byte[] there = new byte[Text.Length + 1];
            int read = await file.ReadAtAsync(0, there);
            return Text.Span.SequenceEqual(there.AsSpan(0, read));
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            // A Go node that runs, or an import, keeps others from its file; nobody does that with this one.
            return false;
        }
    }

    /// <summary>Puts it in the place of the Go node's file, durably.</summary>
    public static ValueTask WriteAsync(string directory, IDisk disk) =>
        DurableFile.ReplaceAsync(directory, DataDirectory.GoDatabase, Unfinished, Text, disk);
}
