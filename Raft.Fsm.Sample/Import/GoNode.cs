using System.Globalization;
using System.Text;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Bolt;

namespace Raft.Fsm.Sample.Import;

/// <summary>
/// The data of a Go node that was stopped, open and looked through: a node could start from it. Nobody else can use it until
/// this is disposed.
/// </summary>
internal sealed class GoNode : IAsyncDisposable
{
    private readonly BoltStore _bolt;

    private GoNode(BoltStore bolt, GoSnapshots snapshots, IndexedConfiguration configuration, ResolvedRecord record)
    {
        _bolt = bolt;
        Snapshots = snapshots;
        Configuration = configuration;
        Store = new OpenStore(bolt.Log, record, bolt);
    }

    /// <summary>Its log, term and vote, as a store.</summary>
    public OpenStore Store { get; }

    /// <summary>Its snapshots.</summary>
    public GoSnapshots Snapshots { get; }

    /// <summary>Its configuration.</summary>
    public IndexedConfiguration Configuration { get; }

    /// <summary>Opens it and looks through all of it. Changes nothing.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="file">Its file, which others are kept from; it is disposed with the node, also if it is refused.</param>
    /// <exception cref="StoreException">It is damaged, in use, or nothing that a node could start from.</exception>
    public static async Task<GoNode> OpenAsync(string directory, IDisk disk, IDiskFile file)
    {
        BoltStore bolt = await BoltStore.OpenAsync(file);
        try
        {
            GoSnapshots snapshots = await GoSnapshots.ReadAsync(directory, disk);
            RequireCovered(bolt, snapshots);
            await RequireAgreementAsync(bolt.Log, snapshots);
            IndexedConfiguration configuration =
                await RaftNode.ReadConfigurationAsync(bolt.Log, bolt.Stable, snapshots.Store);
            return new GoNode(
                bolt, snapshots, configuration, await ResolvedRecord.FindAsync(bolt.Stable, configuration.Configuration));
        }
        catch (FormatException wrong)
        {
            await bolt.DisposeAsync();
            throw new CorruptStoreException($"a configuration in its log cannot be decoded: {wrong.Message} Nothing was changed.", wrong);
        }
        catch
        {
            await bolt.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it holds, for the operator, in a line.</summary>
    public async Task<string> DescribeAsync()
    {
        ILogStore log = Store.Log;
        var text = new StringBuilder();
        text.Append(
            log.LastIndex == 0 ? "no entries" : string.Create(CultureInfo.InvariantCulture, $"entries {log.FirstIndex}..{log.LastIndex}"));
        text.Append(CultureInfo.InvariantCulture, $", {(object?)await Store.Stable.LoadAsync() ?? "no term"}");
        text.Append(Snapshots.Whole is [var newest, ..] ? $", newest snapshot {newest.Id}" : ", no snapshot");
        text.Append(CultureInfo.InvariantCulture, $", configuration {Configuration.Configuration} of entry {Configuration.Index}");
        if (_bolt.Gap is { } gap)
        {
            text.Append(CultureInfo.InvariantCulture, $"; what lay before entry {gap.LastIndex + 1} is covered by a snapshot and left out");
        }

        IReadOnlyList<byte[]> keys = await ((IStableKeys)Store.Stable).ListKeysAsync();
        if (keys.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; beside the term: {string.Join(", ", keys.Select(Encoding.UTF8.GetString))}");
        }

        if (!_bolt.IsFreelistOnDisk)
        {
            text.Append("; its list of free pages is not on disk, so that a lost page could not be told from a free one");
        }

        if (Snapshots.LeftOut.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; not whole: {string.Join(", ", Snapshots.LeftOut)}");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _bolt.DisposeAsync();

    /// <summary>
    /// Refuses a snapshot whose last entry the log has in a later term: a restore of a user that was never committed leaves it, or
    /// a leader's snapshot that takes the place of what was never committed. Which of the two counts cannot be told from here.
    /// </summary>
    private static async Task RequireAgreementAsync(ILogStore log, GoSnapshots snapshots)
    {
        if (snapshots.Whole is [var newest, ..] && log.FirstIndex <= newest.Index && newest.Index <= log.LastIndex
            && (await log.ReadAsync(newest.Index, newest.Index, bytesMax: 1)).TermAt(0) is var term && term > newest.Term)
        {
            throw new CorruptStoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"its newest snapshot {newest.Id} ends at entry {newest.Index} of term {newest.Term}, which its log has of term {term}: one of "
                + $"them was never committed, and which one cannot be told. Nothing was changed; remove this server from its cluster and "
                + $"let it rejoin with an empty directory."));
        }
    }

    /// <summary>Refuses a log with a gap that no snapshot covers.</summary>
    private static void RequireCovered(BoltStore bolt, GoSnapshots snapshots)
    {
        ulong covered = snapshots.Whole is [var newest, ..] ? newest.Index : 0;
        if (bolt.Gap is { } gap && covered < gap.LastIndex)
        {
            throw new CorruptStoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"{gap} in its log, and its newest snapshot ends at {covered}. Part of its data was lost. Nothing was changed; restore "
                + $"the directory, or remove this server from its cluster and let it rejoin with an empty one."));
        }
    }
}
