using Raft.Tests.Architecture;

namespace Raft.Tests.Interop;

/// <summary>Where the Go server is that these tests put beside servers of this library.</summary>
internal static class GoPeerRequired
{
    private const string PathVariable = "RAFT_GOPEER";
    private const string OptionsVariable = "RAFT_GOPEER_OPTIONS";

    private static readonly string? Named =
        Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path ? path : null;

    /// <summary>The program: what the variable names, else what <c>./dev gopeer</c> built.</summary>
    public static string Program { get; } = Named ?? Path.Combine(TidyTests.RepositoryRoot(), "artifacts", "gopeer", "gopeer");

    /// <summary>Options for every one that is started, beside those of the test: such as one that only a later version has.</summary>
    public static IReadOnlyList<string> Options { get; } =
        (Environment.GetEnvironmentVariable(OptionsVariable) ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reports the test as skipped where there is no such program.</summary>
    public static void OrSkip()
    {
        if (!File.Exists(Program))
        {
            Assert.That(Named, Is.Null, $"{PathVariable} names a program that is not there");
            Assert.Ignore(
                "There is no Go server to test with: ./dev gopeer builds it where Go and the packages of hashicorp/raft that "
                + $"Debian has are installed (tools/gopeer/README.md), or {PathVariable} names one.");
        }
    }
}
