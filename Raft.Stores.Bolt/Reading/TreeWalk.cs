using Raft.Stores.Bolt.Format;

namespace Raft.Stores.Bolt.Reading;

/// <summary>Walks all pages of a bucket in the order of their keys, and holds each to its place in the tree.</summary>
/// <param name="pages">The file's pages.</param>
/// <param name="use">Where it is noted what pages are used for.</param>
internal sealed class TreeWalk(PageReader pages, PageUse use)
{
    /// <summary>The most pages from the first to a leaf. Each branch has two ways at least, so no file has more.</summary>
    private const int LevelsMax = 48;

    private readonly Stack<Level> _levels = new();
    private readonly List<PageBuffer> _buffers = [];
    private int _leafLevel = -1;

    /// <summary>Walks a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="visitor">Sees its leaves.</param>
    /// <exception cref="CorruptStoreException">It is damaged.</exception>
    public async ValueTask RunAsync(Bucket bucket, ILeafVisitor visitor)
    {
        if (bucket.RootPage == 0)
        {
            visitor.Visit(LeafPage.ReadInline(bucket.Inline, bucket.Place));
            return;
        }

        _leafLevel = -1;
        await EnterAsync(bucket.RootPage, bucket.Place, default, default, visitor);
        while (_levels.TryPeek(out Level? level))
        {
            if (level.Next == level.Page.Count)
            {
                _levels.Pop();
                continue;
            }

            int i = level.Next++;
            await EnterAsync(
                level.Page.Child(i), level.Place, level.Page.Key(i),
                i + 1 < level.Page.Count ? level.Page.Key(i + 1) : level.Below, visitor);
        }
    }

    /// <summary>Reads a page and holds its keys to those of the branch above.</summary>
    /// <param name="page">The page.</param>
    /// <param name="parent">Where it is named.</param>
    /// <param name="from">The least key that it may have; empty for any.</param>
    /// <param name="below">What all its keys lie below; empty for nothing.</param>
    /// <param name="visitor">Sees it, if it is a leaf.</param>
    private async ValueTask EnterAsync(
        ulong page, Place parent, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> below, ILeafVisitor visitor)
    {
        if (page < 2 || _levels.Count == LevelsMax)
        {
            throw parent.Refuse(page < 2 ? $"it leads to page {page}" : $"it lies under {LevelsMax} others");
        }

        // A branch's keys are needed until all below it is done, so each level has a buffer of its own.
        while (_buffers.Count <= _levels.Count)
        {
            _buffers.Add(new PageBuffer());
        }

        PageRun run = await pages.ReadAsync(page, _buffers[_levels.Count], use);
        switch (run.Header.Kind)
        {
            case PageKind.Leaf:
                LeafPage leaf = LeafPage.Read(run, pages.PageBytes);
                RequireWithin(leaf.Key(0), leaf.Key(leaf.Count - 1), from, below, run.Place);
                RequireLevel(run.Place);
                visitor.Visit(leaf);
                break;
            case PageKind.Branch:
                BranchPage branch = BranchPage.Read(run, pages.PageBytes);
                RequireWithin(branch.Key(0), branch.Key(branch.Count - 1), from, below, run.Place);
                _levels.Push(new Level(branch, run.Place, below));
                break;
            default:
                throw run.Place.Refuse($"it is of kind {(ushort)run.Header.Kind:x} within a bucket");
        }
    }

    private static void RequireWithin(
        ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> last, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> below, Place place)
    {
        if (first.Span.SequenceCompareTo(from.Span) < 0 || (!below.IsEmpty && last.Span.SequenceCompareTo(below.Span) >= 0))
        {
            throw place.Refuse("its keys are not those that the page above it names");
        }
    }

    private void RequireLevel(Place place)
    {
        _leafLevel = _leafLevel < 0 ? _levels.Count : _leafLevel;
        if (_leafLevel != _levels.Count)
        {
            throw place.Refuse($"it is a leaf under {_levels.Count} pages, where others are under {_leafLevel}");
        }
    }

    private sealed class Level(BranchPage page, Place place, ReadOnlyMemory<byte> below)
    {
        public BranchPage Page { get; } = page;

        public Place Place { get; } = place;

        public ReadOnlyMemory<byte> Below { get; } = below;

        public int Next { get; set; }
    }
}
