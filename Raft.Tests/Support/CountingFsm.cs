using System.Text;

namespace Raft.Tests.Support;

/// <summary>A state machine that remembers the commands it was given; its answer is the command's text.</summary>
internal sealed class CountingFsm : IFsm
{
    public List<(ulong Index, ulong Term, string Command)> Applied { get; } = [];

    /// <summary>Throws at this command.</summary>
    public string? ThrowsAt { get; set; }

    public object? Apply(LogEntry entry)
    {
        string command = Encoding.UTF8.GetString(entry.Data.Span);
        if (command == ThrowsAt)
        {
            throw new InvalidOperationException($"cannot apply {command}");
        }

        Applied.Add((entry.Index, entry.Term, command));
        return command;
    }

    public IFsmSnapshot Snapshot() => new Held([.. Applied]);

    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        var restored = new List<(ulong, ulong, string)>();
        using var reader = new StreamReader(snapshot, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            string[] parts = line.Split('\t', 3);
            if (parts.Length != 3)
            {
                throw new InvalidDataException($"'{line}' is no command");
            }

            restored.Add((ulong.Parse(parts[0]), ulong.Parse(parts[1]), parts[2]));
        }

        Applied.Clear();
        Applied.AddRange(restored);
    }

    private sealed class Held(List<(ulong Index, ulong Term, string Command)> applied) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
        {
            foreach ((ulong index, ulong term, string command) in applied)
            {
                await destination.WriteAsync(Encoding.UTF8.GetBytes($"{index}\t{term}\t{command}\n"), cancellationToken);
            }
        }

        public void Dispose()
        {
        }
    }
}
