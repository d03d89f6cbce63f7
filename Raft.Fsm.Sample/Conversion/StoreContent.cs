using System.Globalization;

namespace Raft.Fsm.Sample.Conversion;

/// <summary>What a store holds, for the operator.</summary>
/// <param name="FirstIndex">Its first entry; 0 where there is none.</param>
/// <param name="LastIndex">Its last entry; 0 where there is none.</param>
/// <param name="Record">Term and vote; null where there are none.</param>
internal sealed record StoreContent(ulong FirstIndex, ulong LastIndex, TermAndVote? Record)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(LastIndex == 0 ? "no entries" : $"entries {FirstIndex}..{LastIndex}")}, {(Record is null ? "no term" : $"term {Record.Term}")}");
}
