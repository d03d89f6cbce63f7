using System.Text;

namespace Raft;

/// <summary>Where a server's transport is reached; what the text means is the transport's (<c>host:port</c> for TCP).</summary>
/// <param name="Value">The address; null and empty both mean that none is known (Go writes them differently).</param>
public readonly record struct ServerAddress(string? Value)
{
    /// <summary>The most bytes that an address takes in UTF-8: addresses stand in the term-and-vote record.</summary>
    public const int BytesMax = 1024;

    /// <summary>Whether no address is given.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Value);

    /// <summary>Gives an address.</summary>
    /// <param name="value">The address.</param>
    public static implicit operator ServerAddress(string? value) => new(value);

    /// <summary>Gives an address.</summary>
    /// <param name="value">The address.</param>
    /// <returns>The address.</returns>
    public static ServerAddress FromString(string? value) => new(value);

    internal bool IsTooLong => Value is { Length: > BytesMax / 3 } && Encoding.UTF8.GetByteCount(Value) > BytesMax;

    /// <inheritdoc/>
    public override string ToString() => Value ?? string.Empty;
}
