using System.Text;

namespace Raft.Tests.Support;

/// <summary>A state machine whose state outlives its process: the commands it was given.</summary>
internal sealed class KeptFsm : IDurableFsm
{
    private readonly Kept _kept;
    private readonly List<string> _commands;

    /// <summary>Opens what is kept.</summary>
    public KeptFsm(Kept kept)
    {
        _kept = kept;
        _commands = [.. kept.Commands];
        Applied = kept.Applied;
    }

    public AppliedPoint Applied { get; private set; }

    /// <summary>All commands in the state.</summary>
    public IReadOnlyList<string> Commands => _commands;

    /// <summary>The entries that it was given since it was opened.</summary>
    public List<ulong> Given { get; } = [];

    /// <summary>Where it was restored to since it was opened.</summary>
    public List<AppliedPoint> Restored { get; } = [];

    public object? Apply(LogEntry entry)
    {
        Given.Add(entry.Index);
        _commands.Add(Encoding.UTF8.GetString(entry.Data.Span));
        Keep(new AppliedPoint(entry.Index, entry.Term));
        return null;
    }

    public IFsmSnapshot Snapshot() => new Held(string.Join('\n', _commands));

    public async Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(snapshot, leaveOpen: true);
        string text = await reader.ReadToEndAsync(cancellationToken);
        Restored.Add(at);
        _commands.Clear();
        _commands.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Keep(at);
    }

    private void Keep(AppliedPoint at)
    {
        Applied = at;
        if (_kept.IsWritten)
        {
            (_kept.Applied, _kept.Commands) = (at, [.. _commands]);
        }
    }

    /// <summary>What is on its disk.</summary>
    internal sealed class Kept
    {
        /// <summary>Whether anything is written there just now.</summary>
        public bool IsWritten { get; set; } = true;

        public AppliedPoint Applied { get; set; }

        public IReadOnlyList<string> Commands { get; set; } = [];
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
