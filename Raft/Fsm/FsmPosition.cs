using Raft.Core;

namespace Raft.Fsm;

/// <summary>How far the state machine is. Owned by its task.</summary>
internal sealed class FsmPosition
{
    private readonly NodeBoard _board;
    private readonly bool _isDurable;
    private ulong _term;
    private AppliedPoint _taken;

    /// <summary>Begins where the state machine does.</summary>
    /// <param name="board">Where it is shown.</param>
    /// <param name="start">Where that is.</param>
    /// <param name="isDurable">Whether the state machine keeps its state itself.</param>
    public FsmPosition(NodeBoard board, AppliedPoint start, bool isDurable)
    {
        _board = board;
        _isDurable = isDurable;
        _term = start.Term;
        _taken = start;
    }

    /// <summary>The last entry that it has been given, or passed over because it takes none of that kind.</summary>
    public ulong Index => _board.AppliedIndex;

    /// <summary>Entries were applied.</summary>
    public void Passed(LogSlice slice)
    {
        _board.AppliedIndex = slice.LastIndex;
        _term = slice.Batch.TermAt(slice.Start + slice.Count - 1);
        for (int i = slice.Start + slice.Count - 1; _isDurable && i >= slice.Start; i--)
        {
            if (slice.Batch.TypeAt(i) == LogType.Command)
            {
                _taken = new AppliedPoint(slice.Batch.FirstIndex + (ulong)i, slice.Batch.TermAt(i));
                return;
            }
        }
    }

    /// <summary>Its state was replaced.</summary>
    public void Restored(AppliedPoint at)
    {
        _board.AppliedIndex = at.Index;
        _term = at.Term;
        _taken = at;
    }

    /// <summary>
    /// At which entry a snapshot of its state stands. One that keeps its state itself knows of no entries but those that it
    /// takes; a snapshot that covered others behind them would have to be restored at the next start, for nothing.
    /// </summary>
    /// <param name="aboveIndex">The entry above which that holds: a snapshot that is no news is none.</param>
    public AppliedPoint ForSnapshot(ulong aboveIndex) =>
        _isDurable && _taken.Index > aboveIndex ? _taken : new AppliedPoint(Index, _term);
}
