namespace Raftchaos.Network;

/// <summary>What is wrong with the way of bytes from one node to another.</summary>
internal sealed record LinkFault
{
    /// <summary>Nothing.</summary>
    public static LinkFault None { get; } = new();

    /// <summary>Whether nothing passes: bytes are taken and lie there, as behind a firewall that drops packets.</summary>
    public bool Holds { get; init; }

    /// <summary>How much later everything arrives.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How many bytes pass in a second; 0 for any number.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Whether each byte travels alone.</summary>
    public bool IsTorn { get; init; }
}
