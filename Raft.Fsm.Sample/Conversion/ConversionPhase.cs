namespace Raft.Fsm.Sample.Conversion;

/// <summary>How far a conversion is.</summary>
internal enum ConversionPhase
{
    /// <summary>The source counts, and is as it was; what stands in the target may be anything.</summary>
    Copy,

    /// <summary>The target counts, and is whole; what is left of the source goes.</summary>
    Retire,
}
