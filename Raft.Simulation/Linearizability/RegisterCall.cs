using Raft.Simulation.Linearizability;

namespace Raft.Simulation;

/// <summary>An operation on a register, which holds a number, where 0 stands for no value.</summary>
/// <remarks>Values should be unique in a run: a read then tells which write it saw, and much more is found.</remarks>
public readonly record struct RegisterCall
{
    private RegisterCall(RegisterCallKind kind, long expected, long value)
    {
        Kind = kind;
        Expected = expected;
        Value = value;
    }

    internal RegisterCallKind Kind { get; }

    /// <summary>What a compare-and-swap expects; 0 otherwise.</summary>
    internal long Expected { get; }

    /// <summary>What is written; 0 for a get.</summary>
    internal long Value { get; }

    /// <summary>Reads. The result is the value, 0 for none.</summary>
    public static RegisterCall Get() => new(RegisterCallKind.Get, expected: 0, value: 0);

    /// <summary>Writes a value. The result is always 0.</summary>
    /// <param name="value">The new value; 0 removes the old one.</param>
    public static RegisterCall Put(long value) => new(RegisterCallKind.Put, expected: 0, value);

    /// <summary>Writes a value if the register holds the expected one. The result is 1 if it did, 0 if it did not.</summary>
    /// <param name="expected">What the register must hold; 0 for no value.</param>
    /// <param name="value">The new value; 0 removes the old one.</param>
    public static RegisterCall CompareAndSwap(long expected, long value) =>
        new(RegisterCallKind.CompareAndSwap, expected, value);

    internal RegisterCall WithValue(long value) => new(Kind, Expected, value);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        RegisterCallKind.Get => "get",
        RegisterCallKind.Put => $"put {Value}",
        _ => $"cas {Expected} {Value}",
    };
}
