namespace Raft.Tests.Stores;

/// <summary>What the power cuts of a run met.</summary>
internal sealed class CutCoverage
{
    /// <summary>Writes that were acknowledged, and found later.</summary>
    public int Acknowledged { get; set; }

    /// <summary>Cuts while something was being written.</summary>
    public int CutWithinWrite { get; set; }

    /// <summary>Of what was being written, what was there afterwards.</summary>
    public int WrittenUnacknowledged { get; set; }

    /// <summary>Of what was being written, what was not.</summary>
    public int NotWritten { get; set; }

    /// <summary>Cuts while a store was being opened.</summary>
    public int CutAgainAtOpen { get; set; }

    public override string ToString() =>
        $"{Acknowledged} writes acknowledged, {CutWithinWrite} cuts within a write of which {WrittenUnacknowledged} were there and "
        + $"{NotWritten} were not, {CutAgainAtOpen} cuts at open";
}
