using System.Text;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>One command of <c>raftkv</c>: its name, its options, what it runs.</summary>
/// <param name="Name">The words that name it.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Options">Its options.</param>
/// <param name="Run">Runs it and gives the exit code.</param>
internal sealed record CommandSpec(
    string Name, string Summary, IReadOnlyList<OptionSpec> Options, Func<ParsedOptions, Task<int>> Run)
{
    /// <summary>What is given without a name, once; null where nothing is.</summary>
    public OptionSpec? Argument { get; init; }

    /// <summary>The commands that its next word chooses from; without any it is run itself.</summary>
    public IReadOnlyList<CommandSpec> Commands { get; init; } = [];

    /// <summary>Whether the help is silent about it.</summary>
    public bool IsHidden { get; init; }

    /// <summary>The text of <c>--help</c>.</summary>
    public string Help()
    {
        var text = new StringBuilder();
        if (Commands.Count > 0)
        {
            text.Append($"raftkv {Name}: {Summary}\n\nCommands:\n");
            foreach (CommandSpec command in Commands)
            {
                text.Append($"  {"raftkv " + command.Name,-20} {command.Summary}\n");
            }

            return text.Append($"\nraftkv {Name} COMMAND --help lists a command's options.\n").ToString();
        }

        text.Append($"raftkv {Name}: {Summary}\n\nOptions (--name value or --name=value):\n");
        if (Argument is not null)
        {
            text.Append($"  {Argument.Value,-32} {Argument.Help} (required)\n");
        }

        foreach (OptionSpec option in Options.Where(o => !o.IsHidden))
        {
            string note = option.IsRequired ? " (required)" : option.Default is { } value ? $" (default {value})" : "";
            note = option.MayRepeat ? note + " (may be given several times)" : note;
            text.Append($"  {$"--{option.Name} {option.Value}".TrimEnd(),-32} {option.Help}{note}\n");
        }

        text.Append($"  {"--help",-32} this text\n");
        return text.ToString();
    }
}
