using System.Runtime.CompilerServices;

namespace Raft.Simulation.Kernel;

/// <summary>How work was noticed that left a simulation; the later kinds tell more about where it came from.</summary>
internal enum SightingKind
{
    /// <summary>Another thread took it up. The stack shows none of the code that started it.</summary>
    TakenUp,

    /// <summary>Another thread wants to go on in the simulation with what was waiting for it.</summary>
    CameBack,

    /// <summary>What runs outside the simulation called it.</summary>
    Called,

    /// <summary>It is being started.</summary>
    Started,
}

/// <summary>Work that left a simulation, as it was noticed.</summary>
/// <param name="Kind">How.</param>
/// <param name="Method">The method that awaited it, where that is known.</param>
/// <param name="Stack">Where.</param>
internal sealed record Sighting(SightingKind Kind, string? Method, string Stack)
{
    private static readonly string[] OfOthers = ["   at System.", "   at Raft.Simulation."];

    /// <summary>The asynchronous method that goes on when a task runs; null where it is not one.</summary>
    public static string? MethodOf(Task? continuation)
    {
        if (continuation?.AsyncState is not Action { Target: { } box })
        {
            return null;
        }

        Type? machine = Array.Find(box.GetType().GenericTypeArguments, typeof(IAsyncStateMachine).IsAssignableFrom);
        return machine is null ? null : $"{machine.DeclaringType?.FullName}.{NameIn(machine.Name)}";
    }

    public override string ToString() => Kind switch
    {
        SightingKind.Started => "A task was started outside the simulation:",
        SightingKind.Called =>
            "The simulation was called by code that had left it, such as after ConfigureAwait(false):",
        SightingKind.CameBack => $"{Method ?? "A method"} awaited something that another thread completed:",
        _ => "Something ran on a thread that is not the simulation's:",
    } + "\n" + string.Join('\n', Frames());

    // <RunClientAsync>d__3, or with a lambda in it <<RunClientAsync>b__0>d.
    private static string NameIn(string machine) => machine.TrimStart('<').Split('>')[0];

    /// <summary>
    /// The part of the stack that is the user's, with the call that it made; all where none is, from the caller of the
    /// detector on.
    /// </summary>
    private IEnumerable<string> Frames()
    {
        string[] lines = [.. Stack.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())];
        int first = Array.FindIndex(lines, IsUsers);
        int last = Array.FindLastIndex(lines, IsUsers);
        return first < 0
            ? lines.SkipWhile((line, i) => i == 0 || line.Contains(nameof(EscapeDetector), StringComparison.Ordinal))
            : lines.Take(last + 1).Skip(Math.Max(0, first - 1)).Where((line, i) => i == 0 || IsUsers(line));
    }

    private static bool IsUsers(string line) =>
        !OfOthers.Any(other => line.StartsWith(other, StringComparison.Ordinal));
}
