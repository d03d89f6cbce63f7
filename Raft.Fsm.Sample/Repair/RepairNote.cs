using System.Text;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Stores;

namespace Raft.Fsm.Sample.Repair;

/// <summary>
/// Stands beside a data directory while it is repaired. No second repair begins there, and from before its server is removed until the new
/// life has noted durably that it was, no node starts there either. A node that did could found a cluster on the emptied directory, or
/// vote by data that lack what they acknowledged.
/// </summary>
internal sealed class RepairNote : IDisposable
{
    private const string NameEnd = ".repair";
    private const string LockEnd = ".repair.lock";
    private const string UnfinishedEnd = ".repair.tmp";

    private readonly string _directory;
    private readonly IDisk _disk;
    private readonly IDisposable _lock;

    private RepairNote(string directory, IDisk disk, IDisposable held)
    {
        _directory = directory;
        _disk = disk;
        _lock = held;
    }

    /// <summary>Whether the repair has begun, now or in a run that was interrupted: from then on only it may go on.</summary>
    public bool IsBegun { get; private set; }

    /// <summary>The other members of the cluster in which it was begun.</summary>
    public IReadOnlyList<string> Members { get; private set; } = [];

    private string Parent => Path.GetDirectoryName(_directory)!;

    private string Name => Path.GetFileName(_directory);

    /// <summary>Keeps other repairs of a directory away until the result is disposed.</summary>
    /// <param name="directory">The directory, by its real path.</param>
    /// <param name="disk">The disk.</param>
    /// <exception cref="StoreException">Another repair runs there, or nothing can be written beside the directory.</exception>
    public static async Task<RepairNote> TakeAsync(string directory, IDisk disk)
    {
        try
        {
            IDisposable held = await disk.LockAsync(directory + LockEnd);
            return new RepairNote(directory, disk, held)
            {
                IsBegun = File.Exists(directory + NameEnd),
                Members = File.Exists(directory + NameEnd) ? [.. (await File.ReadAllLinesAsync(directory + NameEnd)).Skip(1)] : [],
            };
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"nothing can be written beside {directory}, where its data are to be set aside: {refused.Message} Move what is in it elsewhere by hand, and "
                + "start the node with --join instead of this",
                refused);
        }
    }

    /// <summary>The path of a directory's note; null where no repair of it has begun and not ended.</summary>
    public static string? Find(string directory)
    {
        string note = RealPath.Of(directory) + NameEnd;
        return File.Exists(note) ? note : null;
    }

    /// <summary>Refuses a directory whose repair has begun and not ended. Called by whoever holds the directory.</summary>
    /// <exception cref="StoreException">It has.</exception>
    public static void RequireNone(string directory)
    {
        if (Find(directory) is { } note)
        {
            throw new StoreException(
                $"its repair was begun and has not ended, as {note} says: its server may be removed already, and must not vote by what is here; run the same "
                + "raftkv repair again, which goes on where it stopped");
        }
    }

    /// <summary>Notes that it begins. Durable on return.</summary>
    /// <param name="id">The server.</param>
    /// <param name="members">The other members of its cluster.</param>
    public async Task BeginAsync(string id, IEnumerable<string> members)
    {
        if (!IsBegun)
        {
            Members = [.. members];
            byte[] text = Encoding.UTF8.GetBytes(
                $"raftkv repair of {CommandTable.OneLine(id)} was begun and has not ended: run it again. Its cluster is that of:\n{string.Join('\n', Members)}\n");
            await DurableFile.ReplaceAsync(Parent, Name + NameEnd, Name + UnfinishedEnd, text, _disk);
            IsBegun = true;
        }
    }

    /// <summary>Notes that it has ended. Durable on return.</summary>
    /// <exception cref="StoreException">That cannot be noted.</exception>
    public async Task EndAsync()
    {
        try
        {
            await _disk.DeleteAsync(_directory + NameEnd);
            await _disk.SyncDirectoryAsync(Parent);
            IsBegun = false;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{_directory + NameEnd} cannot be deleted: {refused.Message}", refused);
        }
    }

    public void Dispose() => _lock.Dispose();
}
