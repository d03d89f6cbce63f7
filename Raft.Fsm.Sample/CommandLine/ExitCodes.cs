namespace Raft.Fsm.Sample.CommandLine;

/// <summary>How the process ends. The numbers stand in the contract.</summary>
internal static class ExitCodes
{
    /// <summary>A clean stop.</summary>
    public const int Success = 0;

    /// <summary>Something else went wrong, such as a target that does not answer.</summary>
    public const int Failure = 1;

    /// <summary>Wrong use, or an address that cannot be bound.</summary>
    public const int Usage = 2;

    /// <summary>The store refused.</summary>
    public const int Store = 3;

    /// <summary>A fatal error while running.</summary>
    public const int Fatal = 4;

    /// <summary>What a node's end counts as: one that a signal ended had no code of its own.</summary>
    public static int OfNode(int exitCode) => exitCode is >= Success and <= Fatal ? exitCode : Fatal;
}
