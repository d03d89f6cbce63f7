using System.Globalization;
using System.Text.RegularExpressions;
using Raft.Stores.Bolt;

namespace Raft.Tests.Import;

/// <summary>
/// A file that was changed is refused, or read as it was. Only where a value itself was changed, of which Bolt keeps no
/// checksum, that value may be read as another; nothing else may.
/// </summary>
/// <remarks><c>RAFT_IMPORT_MUTATIONS</c> says how many changes are tried, <c>RAFT_IMPORT_SEED</c> from which on.</remarks>
[TestFixture]
public sealed partial class BoltMutationTests
{
    private const int MutationsByDefault = 10_000;

    [TestCaseSource(typeof(GoldenNode), nameof(GoldenNode.All))]
    public async Task A_changed_file_is_refused_or_read_as_it_was(GoldenNode node)
    {
        int first = Setting("RAFT_IMPORT_SEED", otherwise: 1);
        int count = Setting("RAFT_IMPORT_MUTATIONS", MutationsByDefault);
        byte[] file = node.Database;
        Content whole = await ReadAsync(file, file.Length);
        var mutator = new FileMutator(file, new ValueOwners(file));
        var reasons = new HashSet<string>(StringComparer.Ordinal);
        (int refused, int same, int changed) = (0, 0, 0);

        for (int seed = first; seed < first + count; seed++)
        {
            mutator.Mutate(new Random(seed));
            string context = $"seed {seed} of {node}:{mutator.Text}";
            try
            {
                Content read = await ReadAsync(mutator.Bytes, mutator.Length);
                if (RequireSameButFor(mutator, whole, read, context))
                {
                    same++;
                }
                else
                {
                    changed++;
                }
            }
            catch (StoreException refusal)
            {
                refused++;
                Assert.That(refusal.Message, Does.StartWith("raft.db").And.Contain("not changed"), context);
                reasons.Add(Numbers().Replace(refusal.Message, "#"));
            }
            catch (Exception wrong) when (wrong is not AssertionException)
            {
                Assert.Fail($"{context} {wrong}");
            }
        }

        await TestContext.Out.WriteLineAsync(
            $"{node}: {refused} refused for {reasons.Count} reasons, {same} read as before, {changed} with another value");
        Assert.That(new[] { refused, same, changed }, Has.All.GreaterThan(0));
        Assert.That(reasons, Has.Count.GreaterThan(Math.Min(count / 200, 25)), string.Join('\n', reasons));
    }

    /// <summary>
    /// Where the free list is not on disk, an older page can be read in the place of a newer one. But nothing else comes of it than
    /// entries that are whole, or a refusal.
    /// </summary>
    [Test]
    public async Task A_changed_file_without_its_free_list_is_refused_or_read()
    {
        int first = Setting("RAFT_IMPORT_SEED", otherwise: 1);
        int count = Setting("RAFT_IMPORT_MUTATIONS", MutationsByDefault) / 4;
        byte[] file = GoldenNode.All[1].Database;
        BoltBuilder.SetMeta(file, 32, ulong.MaxValue, page: 0);
        BoltBuilder.SetMeta(file, 32, ulong.MaxValue, page: 1);
        Content whole = await ReadAsync(file, file.Length);
        var mutator = new FileMutator(file, new ValueOwners(file));
        (int refused, int read) = (0, 0);

        for (int seed = first; seed < first + count; seed++)
        {
            mutator.Mutate(new Random(seed));
            try
            {
                Content content = await ReadAsync(mutator.Bytes, mutator.Length);
                Assert.That(content.Entries.LastIndex, Is.LessThanOrEqualTo(whole.Entries.LastIndex), $"seed {seed}:{mutator.Text}");
                read++;
            }
            catch (StoreException)
            {
                refused++;
            }
            catch (Exception wrong) when (wrong is not AssertionException)
            {
                Assert.Fail($"seed {seed}:{mutator.Text} {wrong}");
            }
        }

        Assert.That(new[] { refused, read }, Has.All.GreaterThan(0));
    }

    /// <summary>Whether all is as before; fails where what differs was not changed.</summary>
    private static bool RequireSameButFor(FileMutator mutator, Content whole, Content read, string context)
    {
        if (read.Record == whole.Record && read.Entries.Encoded.Span.SequenceEqual(whole.Entries.Encoded.Span))
        {
            return true;
        }

        HashSet<ulong> owners = mutator.ChangedOwners();
        Assert.That(read.Record == whole.Record || owners.Contains(ValueOwners.Record), Is.True, $"{context} {read.Record}");
        Assert.That(
            (read.Entries.FirstIndex, read.Entries.Count), Is.EqualTo((whole.Entries.FirstIndex, whole.Entries.Count)), context);
        for (int i = 0; i < read.Entries.Count; i++)
        {
            Assert.That(
                read.Entries.EncodedAt(i).Span.SequenceEqual(whole.Entries.EncodedAt(i).Span)
                    || owners.Contains(whole.Entries.FirstIndex + (ulong)i),
                Is.True, $"{context} entry {whole.Entries.FirstIndex + (ulong)i} differs");
        }

        return false;
    }

    private static async Task<Content> ReadAsync(byte[] file, int length)
    {
        await using BoltStore store = await BoltStore.OpenAsync(new MemorySource(file, length));
        LogBatch entries = await store.Log.ReadAsync(store.Log.FirstIndex, store.Log.LastIndex, int.MaxValue);
        return new Content($"{await store.Stable.LoadAsync()}, {store.Gap}", entries);
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    [GeneratedRegex("[0-9A-F]{2,}|[0-9]+")]
    private static partial Regex Numbers();

    /// <summary>What was read.</summary>
    private sealed record Content(string Record, LogBatch Entries);
}
