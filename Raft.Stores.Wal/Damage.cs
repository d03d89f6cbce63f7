namespace Raft.Stores.Wal;

/// <summary>The errors that name a damaged place.</summary>
internal static class Damage
{
    /// <summary>A place that no crash leaves behind.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="what">What is wrong there, as the rest of a sentence.</param>
    /// <returns>What to throw.</returns>
    public static CorruptStoreException At(string path, long offset, string what) =>
        new($"{path} is damaged at offset {offset}: {what}. No crash explains this, so it was not repaired and nothing "
            + "was changed. Keep a copy of the directory, then give this server an empty one under a new id, or restore it.");
}
