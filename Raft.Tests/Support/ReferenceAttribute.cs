namespace Raft.Tests.Support;

/// <summary>
/// Says which items of <c>Golden/acceptance.txt</c> a test checks: it goes red where the library breaks one of them. On a
/// class it speaks of a test that the class inherits.
/// </summary>
/// <param name="ids">
/// The items: those of hashicorp/raft's own suites have a capital letter (A1, C10), those of the described systems a small
/// one and two digits (c01, c10).
/// </param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
internal sealed class ReferenceAttribute(params string[] ids) : Attribute
{
    /// <summary>The items.</summary>
    public IReadOnlyList<string> Ids { get; } = ids;

    /// <summary>The inherited test that is meant, where this stands on a class.</summary>
    public string? Test { get; init; }
}
