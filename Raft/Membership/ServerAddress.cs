namespace Raft;

/// <summary>Where a server's transport is reached; what the text means is the transport's (<c>host:port</c> for TCP).</summary>
/// <param name="Value">The address; null and empty both mean that none is known (Go writes them differently).</param>
public readonly record struct ServerAddress(string? Value)
{
    /// <summary>Whether no address is given.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Value);

    /// <summary>Gives an address.</summary>
    /// <param name="value">The address.</param>
    public static implicit operator ServerAddress(string? value) => new(value);

    /// <summary>Gives an address.</summary>
    /// <param name="value">The address.</param>
    /// <returns>The address.</returns>
    public static ServerAddress FromString(string? value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? string.Empty;
}
