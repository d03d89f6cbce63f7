using System.Globalization;
using Raft.Fsm.Sample.Stopped;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>A server of a cluster without a majority whose data are left: what decides which of them should lead.</summary>
/// <param name="Directory">Its data directory.</param>
/// <param name="Kind">The name of its store.</param>
/// <param name="Id">Its id; empty where that is not known: no data directory holds it.</param>
/// <param name="State">What it would begin with.</param>
/// <param name="Terms">
/// The terms that it knows: from each index on, up to the next one's, its entries are of that term. The first is that of its snapshot's
/// last entry, or of its first entry.
/// </param>
internal sealed record Survivor(string Directory, string Kind, ServerId Id, StoredState State, IReadOnlyList<(ulong FirstIndex, ulong Term)> Terms)
{
    private const int BatchBytesMax = 1 << 20;

    /// <summary>What it is called.</summary>
    public string Name => Id.IsEmpty ? Directory : $"{Id} ({Directory})";

    /// <summary>Where its log ends: of two, the one that is higher in this order is further (§5.4.1).</summary>
    public (ulong Term, ulong Index) Last => (State.LastTerm, State.LastIndex);

    /// <summary>Reads what a stopped node has. All of its log is read.</summary>
    /// <exception cref="StoreException">A node would be refused.</exception>
    public static async Task<Survivor> ReadAsync(StoppedNode node, ServerId id)
    {
        StoredState state = await node.StateAsync();
        var terms = new List<(ulong FirstIndex, ulong Term)>();
        if (node.Snapshots.Kept is [var newest, ..])
        {
            terms.Add((newest.Index, newest.Term));
        }

        // Where the snapshot has taken the place of the log, what that holds says nothing any more.
        ulong last = state.IsLogOver ? 0 : node.Log.LastIndex;
        ulong first = Math.Max(node.Log.FirstIndex, terms is [var covered] ? covered.FirstIndex + 1 : 0);
        for (ulong next = first; next != 0 && next <= last;)
        {
            LogBatch batch = await node.Log.ReadAsync(next, last, BatchBytesMax);
            for (int i = 0; i < batch.Count; i++)
            {
                if (terms.Count == 0 || terms[^1].Term != batch.TermAt(i))
                {
                    terms.Add((batch.FirstIndex + (ulong)i, batch.TermAt(i)));
                }
            }

            next = batch.LastIndex + 1;
        }

        return new Survivor(node.Directory, node.Kind, id, state, terms);
    }

    /// <summary>The term of an entry; null where it has none such, or its snapshot covers it.</summary>
    public ulong? TermAt(ulong index)
    {
        if (index > State.LastIndex || Terms.Count == 0 || index < Terms[0].FirstIndex)
        {
            return null;
        }

        return Terms.Last(run => run.FirstIndex <= index).Term;
    }

    /// <summary>The first entry of this log that another log does not have; null where it has all of them.</summary>
    public ulong? FirstUnlike(Survivor other)
    {
        IEnumerable<ulong> places = Terms.Concat(other.Terms).Select(run => run.FirstIndex).Append(other.State.LastIndex + 1)
            .Where(i => i <= State.LastIndex).Order();
        foreach (ulong index in places)
        {
            if (TermAt(index) is { } term && (index > other.State.LastIndex || (other.TermAt(index) is { } there && there != term)))
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>Whether it was recovered already, with certain members.</summary>
    public bool IsRecoveredWith(ClusterConfiguration members) =>
        State.Configuration.Configuration.Equals(members) && Terms.Count == 1 && State.CommitIndex == State.LastIndex;

    /// <summary>All of it in a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {State.Record}, last entry {State.LastIndex} of term {State.LastTerm}, known to be committed up to {State.CommitIndex}, members "
        + $"{State.Configuration.Configuration} of entry {State.Configuration.Index}");
}
