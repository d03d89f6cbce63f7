using System.Text;

namespace Raft;

/// <summary>The name of a server, stable over its life while its address may change.</summary>
/// <param name="Value">The name; null and empty both mean that no server is named (Go writes them differently).</param>
public readonly record struct ServerId(string? Value)
{
    /// <summary>The most bytes that a name takes in UTF-8: names stand in the term-and-vote record.</summary>
    public const int BytesMax = 1024;

    /// <summary>Whether no server is named.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Value);

    /// <summary>Names a server.</summary>
    /// <param name="value">The name.</param>
    public static implicit operator ServerId(string? value) => new(value);

    /// <summary>Names a server.</summary>
    /// <param name="value">The name.</param>
    /// <returns>The id with that name.</returns>
    public static ServerId FromString(string? value) => new(value);

    internal bool IsTooLong => Value is { Length: > BytesMax / 3 } && Encoding.UTF8.GetByteCount(Value) > BytesMax;

    /// <inheritdoc/>
    public override string ToString() => Value ?? string.Empty;
}
