using System.Globalization;

namespace Raft.Fsm.Sample.Repair;

/// <summary>Data directories that were set aside: renamed, and never deleted.</summary>
internal static class SetAside
{
    private const string Mark = ".damaged-";
    private const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Whether data of this directory were set aside at some time.</summary>
    /// <param name="directory">The directory, by its real path.</param>
    /// <param name="disk">The disk.</param>
    public static async Task<bool> IsThereAsync(string directory, IDisk disk)
    {
        string start = Path.GetFileName(directory) + Mark;
        try
        {
            return (await disk.ListDirectoriesAsync(Path.GetDirectoryName(directory)!)).Any(name => name.StartsWith(start, StringComparison.Ordinal));
        }
        catch (UnauthorizedAccessException)
        {
            // Who may not look there has set nothing aside there.
            return false;
        }
    }

    /// <summary>What data of a directory that were set aside are called.</summary>
    public static string PatternOf(string directory) => directory + Mark + "*";

    /// <summary>Sets a directory aside. Durable on return; the directory is not there any more.</summary>
    /// <param name="directory">The directory, by its real path.</param>
    /// <param name="now">The time, which names it.</param>
    /// <param name="disk">The disk.</param>
    /// <returns>Where its data are now.</returns>
    /// <exception cref="StoreException">It cannot be renamed.</exception>
    public static async Task<string> MoveAsync(string directory, DateTimeOffset now, IDisk disk)
    {
        string parent = Path.GetDirectoryName(directory)!;
        IReadOnlyList<string> taken = await disk.ListDirectoriesAsync(parent);
        string bare = Path.GetFileName(directory) + Mark + now.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);
        string name = bare;
        for (int number = 2; taken.Contains(name); number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{bare}-{number}");
        }

        string aside = Path.Combine(parent, name);
        try
        {
            await disk.RenameDirectoryAsync(directory, aside);
            await disk.SyncDirectoryAsync(parent);
            return aside;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"{directory} cannot be renamed to {aside}: {refused.Message} Where it is a mount point, move what is in it elsewhere by hand, and "
                + "run the same repair again",
                refused);
        }
    }
}
