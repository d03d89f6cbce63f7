using System.Globalization;
using System.Text;

namespace Raft.Tests.Contracts.Example;

// docs begin
/// <summary>How often each word came, on disk.</summary>
internal sealed class WordsFsm : IDurableFsm
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly IDisk _disk;
    private readonly string _directory;

    private WordsFsm(IDisk disk, string directory)
    {
        _disk = disk;
        _directory = directory;
    }

    public AppliedPoint Applied { get; private set; }

    private string Path => $"{_directory}/words";

    public static async Task<WordsFsm> OpenAsync(IDisk disk, string directory)
    {
        var fsm = new WordsFsm(disk, directory);
        await disk.CreateDirectoryAsync(directory);
        await disk.DeleteAsync($"{directory}/next");
        if ((await disk.ListAsync(directory)).Contains("words"))
        {
            await using IDiskFile file = await disk.OpenAsync(fsm.Path, DiskOpenMode.Existing);
            byte[] bytes = new byte[await file.GetLengthAsync()];
            await file.ReadAtAsync(0, bytes);
            string[] parts = Encoding.UTF8.GetString(bytes).Split('\n', 2);
            ulong[] at = [.. parts[0].Split(' ').Select(n => ulong.Parse(n, CultureInfo.InvariantCulture))];
            fsm.Read(parts[1]);
            fsm.Applied = new AppliedPoint(at[0], at[1]);
        }

        return fsm;
    }

    public object? Apply(LogEntry entry)
    {
        string word = Encoding.UTF8.GetString(entry.Data.Span);
        _counts[word] = _counts.GetValueOrDefault(word) + 1;
        Applied = new AppliedPoint(entry.Index, entry.Term);

        // Here the disk is waited for. A state machine that writes behind its back has less to hand after a crash, and is given it again.
        WriteAsync().GetAwaiter().GetResult();
        return _counts[word];
    }

    public IFsmSnapshot Snapshot() => new Held(Text());

    public async Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(snapshot, leaveOpen: true);
        Read(await reader.ReadToEndAsync(cancellationToken));
        Applied = at;
        await WriteAsync();
    }

    // State and index in one file, which is replaced whole: after a crash it is the one before or the one behind.
    private async Task WriteAsync()
    {
        await using (IDiskFile file = await _disk.OpenAsync($"{_directory}/next", DiskOpenMode.New))
        {
            await file.WriteAndSyncAsync(0, Encoding.UTF8.GetBytes($"{Applied.Index} {Applied.Term}\n{Text()}"));
        }

        await _disk.RenameAsync($"{_directory}/next", Path);
        await _disk.SyncDirectoryAsync(_directory);
    }

    private string Text() => string.Concat(_counts.Select(c => $"{c.Key}\t{c.Value}\n"));

    private void Read(string text)
    {
        _counts.Clear();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split('\t');
            _counts[parts[0]] = int.Parse(parts[1], CultureInfo.InvariantCulture);
        }
    }

    private sealed class Held(string text) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

        public void Dispose()
        {
        }
    }
}
// docs end
