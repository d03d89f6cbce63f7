using System.Globalization;

namespace Raft.Fsm.Sample.CommandLine;

/// <summary>The options of one command line, with their defaults. Its readers refuse what they cannot read.</summary>
internal sealed class ParsedOptions
{
    /// <summary>What stands for a flag that was given.</summary>
    private const string Set = "on";

    private readonly Dictionary<string, List<string>> _given = new(StringComparer.Ordinal);
    private readonly CommandSpec _command;

    private ParsedOptions(CommandSpec command) => _command = command;

    /// <summary>Reads the words behind a command's name.</summary>
    /// <param name="command">The command.</param>
    /// <param name="words">The words.</param>
    /// <returns>The options, or null where help was asked for.</returns>
    /// <exception cref="UsageException">An option is unknown, stands twice, has no value, or is missing.</exception>
    public static ParsedOptions? Parse(CommandSpec command, ReadOnlySpan<string> words)
    {
        var parsed = new ParsedOptions(command);
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            if (word is "--help" or "-h" or "-?")
            {
                return null;
            }

            if (command.Argument is { } argument && !word.StartsWith('-') && parsed._given.TryAdd(argument.Name, [word]))
            {
                continue;
            }

            if (!word.StartsWith("--", StringComparison.Ordinal) || word.Length == 2)
            {
                throw parsed.Wrong($"'{word}' is no option; options are --name value or --name=value");
            }

            int equals = word.IndexOf('=');
            string name = equals < 0 ? word[2..] : word[2..equals];
            OptionSpec option = command.Options.FirstOrDefault(o => o.Name == name)
                ?? throw parsed.Wrong($"there is no option --{name}{parsed.Suggest(name)}");
            string? value = equals >= 0 ? word[(equals + 1)..] : option.IsFlag ? Set : null;
            if (option.IsFlag && equals >= 0)
            {
                throw parsed.Wrong($"--{name} takes no value; give it alone or leave it out");
            }

            if (value is null && i + 1 < words.Length && !words[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                value = words[++i];
            }

            if (string.IsNullOrEmpty(value))
            {
                throw parsed.Wrong($"--{name} needs a value: --{name} {option.Value}");
            }

            if (!parsed._given.TryAdd(name, [value]))
            {
                if (!option.MayRepeat)
                {
                    throw parsed.Wrong($"--{name} stands twice; give it once");
                }

                parsed._given[name].Add(value);
            }
        }

        string[] missing =
        [
            .. command.Options.Where(o => o.IsRequired && !parsed.Has(o.Name)).Select(o => $"--{o.Name} {o.Value}"),
            .. command.Argument is { } needed && !parsed.Has(needed.Name) ? [needed.Value] : Array.Empty<string>(),
        ];
        return missing.Length == 0 ? parsed : throw parsed.Wrong($"missing {string.Join(", ", missing)}");
    }

    /// <summary>Whether the option was given.</summary>
    public bool Has(string name) => _given.ContainsKey(name);

    /// <summary>The option's text, or its default.</summary>
    public string? Text(string name) =>
        _given.TryGetValue(name, out List<string>? values) ? values[0] : _command.Options.First(o => o.Name == name).Default;

    /// <summary>All that was given for an option that may repeat, in its order.</summary>
    public IReadOnlyList<string> All(string name) => _given.TryGetValue(name, out List<string>? values) ? values : [];

    /// <summary>The text of an option that is required or has a default.</summary>
    public string Required(string name) =>
        Text(name) ?? throw Wrong($"missing --{name}");

    /// <summary>A whole number in a range.</summary>
    public int Number(string name, int least, int most) =>
        int.TryParse(Required(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most
            ? number
            : throw Wrong($"--{name} is '{Text(name)}'; give a whole number from {least} to {most}");

    /// <summary>A span of time in milliseconds.</summary>
    public TimeSpan Milliseconds(string name, int least) =>
        TimeSpan.FromMilliseconds(Number(name, least, most: 3_600_000));

    /// <summary>One of several words.</summary>
    public string Choice(string name, params ReadOnlySpan<string> choices)
    {
        string value = Required(name);
        return choices.Contains(value)
            ? value
            : throw Wrong($"--{name} is '{value}'; give {string.Join(" or ", choices.ToArray())}");
    }

    /// <summary>An address.</summary>
    public HostPort Address(string name) => HostPort.TryParse(Required(name), out HostPort? address)
        ? address!
        : throw Wrong($"--{name} is '{Text(name)}'; give HOST:PORT, as in 127.0.0.1:7001, with a port up to 65535");

    /// <summary>The complaint, with where to find help.</summary>
    public UsageException Wrong(string what)
    {
        string name = $"raftkv {_command.Name}".TrimEnd();
        return new UsageException($"{name}: {what} (see {name} --help)");
    }

    private string Suggest(string name)
    {
        OptionSpec? near = _command.Options.Where(o => !o.IsHidden).MinBy(o => Spelling.Distance(o.Name, name));
        return near is not null && Spelling.Distance(near.Name, name) <= 2 ? $"; did you mean --{near.Name}?" : "";
    }
}
