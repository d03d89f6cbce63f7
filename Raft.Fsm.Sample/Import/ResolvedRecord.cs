namespace Raft.Fsm.Sample.Import;

/// <summary>
/// The term and vote of a Go node, with the id of the candidate, which a Go node does not keep; and what it has beside them.
/// Read only.
/// </summary>
/// <param name="node">What the Go node kept.</param>
/// <param name="record">Its record, with the id.</param>
internal sealed class ResolvedRecord(IStableStore node, TermAndVote? record) : IStableStore, IStableKeys
{
    /// <summary>Adds the id that has the candidate's address in a configuration, if just one has.</summary>
    public static async ValueTask<ResolvedRecord> FindAsync(IStableStore node, ClusterConfiguration configuration)
    {
        TermAndVote? record = await node.LoadAsync();
        if (record is not { HasVoted: true })
        {
            return new ResolvedRecord(node, record);
        }

        Server[] there = [.. configuration.Servers.Where(s => s.Address == record.VotedForAddress)];
        return new ResolvedRecord(node, record with { VotedFor = there.Length == 1 ? there[0].Id : default });
    }

    /// <inheritdoc/>
    public ValueTask<TermAndVote?> LoadAsync() => ValueTask.FromResult(record);

    /// <inheritdoc/>
    public ValueTask SaveAsync(TermAndVote record) => node.SaveAsync(record);

    /// <inheritdoc/>
    public ValueTask SetAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) => node.SetAsync(key, value);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(ReadOnlyMemory<byte> key) => node.GetAsync(key);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<byte[]>> ListKeysAsync() => ((IStableKeys)node).ListKeysAsync();
}
