namespace Raft;

/// <summary>What a <see cref="SessionTable"/> says to a request, or a <see cref="SessionFsm"/> answers to it.</summary>
/// <param name="Verdict">What became of the request.</param>
/// <param name="Index">
/// Of a new one, its place in the log; of a repeated one, where it was applied; of a superseded one, where the last of its
/// session was; of an unknown one, where a new session may say that it was opened; else 0.
/// </param>
/// <param name="Result">What the state machine answered when it applied the request; empty where it did not.</param>
public readonly record struct SessionAnswer(SessionVerdict Verdict, ulong Index, ReadOnlyMemory<byte> Result)
{
    /// <summary>Whether the request is applied, once, and <see cref="Result"/> is its result.</summary>
    public bool IsApplied => Verdict is SessionVerdict.New or SessionVerdict.Repeated;
}
