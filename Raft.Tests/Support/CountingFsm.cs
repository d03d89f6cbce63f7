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
}
