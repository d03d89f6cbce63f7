namespace Raft.Fsm.Sample.CommandLine;

/// <summary>One option of a command: all but flags take a value, as <c>--name value</c> or <c>--name=value</c>.</summary>
/// <param name="Name">The name, without dashes.</param>
/// <param name="Value">What the value is, for the help.</param>
/// <param name="Help">What it is for.</param>
/// <param name="Default">The value where none is given; null for none.</param>
internal sealed record OptionSpec(string Name, string Value, string Help, string? Default = null)
{
    /// <summary>Whether the command does not run without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it takes no value: it stands there or not.</summary>
    public bool IsFlag => Value.Length == 0;

    /// <summary>Whether it may be given several times.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>Whether the help is silent about it: one program of ours uses it to call another.</summary>
    public bool IsHidden { get; init; }
}
