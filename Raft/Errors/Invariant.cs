using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Raft;

/// <summary>What can only be false if something is deeply wrong. Checked in Release too: the node stops rather than go on.</summary>
internal static class Invariant
{
    /// <summary>Stops the node where a condition does not hold.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="statement">What should be true, as a sentence.</param>
    public static void Require([DoesNotReturnIf(false)] bool holds, string statement)
    {
        if (!holds)
        {
            Broken(statement);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Broken(string statement) =>
        throw new RaftFatalException($"An invariant does not hold: {statement}. The node stops, since it cannot trust its state.");
}
