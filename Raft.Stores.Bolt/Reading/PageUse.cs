namespace Raft.Stores.Bolt.Reading;

/// <summary>What each page is used for: each for one thing, and in a file whose free list is on disk each for something.</summary>
/// <param name="file">The file's path.</param>
/// <param name="pages">How many pages there are.</param>
internal sealed class PageUse(string file, ulong pages)
{
    private readonly ulong[] _used = new ulong[(pages + 63) / 64];

    /// <summary>Takes pages for a use.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="further">How many more.</param>
    /// <exception cref="CorruptStoreException">One is used already, or lies behind the last.</exception>
    public void Take(ulong first, ulong further)
    {
        if (first >= pages || further >= pages - first)
        {
            throw new Format.Place(file, first).Refuse($"it reaches {further} pages on, behind the last of {pages}");
        }

        for (ulong page = first; page <= first + further; page++)
        {
            ref ulong word = ref _used[page / 64];
            ulong bit = 1UL << (int)(page % 64);
            if ((word & bit) != 0)
            {
                throw new Format.Place(file, page).Refuse("it is used twice, or used and free at once");
            }

            word |= bit;
        }
    }

    /// <summary>Requires that each page has a use.</summary>
    /// <exception cref="CorruptStoreException">One has none.</exception>
    public void RequireAllTaken()
    {
        for (ulong page = 0; page < pages; page++)
        {
            if ((_used[page / 64] & (1UL << (int)(page % 64))) == 0)
            {
                throw new Format.Place(file, page).Refuse("it belongs to nothing and is not free: what led to it is lost");
            }
        }
    }
}
