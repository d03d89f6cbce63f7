namespace Raft.Tests.Architecture;

/// <summary>One line of <c>Golden/acceptance.txt</c>: what is to be checked, and what there is to say about it.</summary>
/// <param name="Group">The heading it stands under.</param>
/// <param name="Id">Its name in <see cref="Support.ReferenceAttribute"/>.</param>
/// <param name="Text">What it says.</param>
/// <param name="Note">Why it has no test, or what differs here; empty for nothing.</param>
internal sealed record AcceptanceItem(string Group, string Id, string Text, string Note)
{
    /// <summary>Whether it waits for something that is planned later.</summary>
    public bool IsOpen => Note.StartsWith("open: ", StringComparison.Ordinal);

    /// <summary>Whether there is nothing of the kind here.</summary>
    public bool IsNotApplicable => Note.StartsWith("not applicable: ", StringComparison.Ordinal);

    /// <summary>Whether something that it needs, or a part of it, is still to be built.</summary>
    public bool IsTodo => Note.StartsWith("todo: ", StringComparison.Ordinal);

    /// <summary>Reads all items, in their order. A line with one field is the heading of those behind it.</summary>
    public static IReadOnlyList<AcceptanceItem> ReadAll(string root)
    {
        var items = new List<AcceptanceItem>();
        string group = "";
        foreach (string line in File.ReadLines(Path.Combine(root, "Raft.Tests/Golden/acceptance.txt")))
        {
            string[] fields = line.Split(" | ");
            if (fields.Length == 1)
            {
                group = line;
            }
            else
            {
                items.Add(new AcceptanceItem(group, fields[0], fields[1], fields.Length > 2 ? fields[2] : ""));
            }
        }

        return items;
    }
}
