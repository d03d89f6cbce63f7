using Raft;

namespace Bank;

// docs begin
/// <summary>Wrong: each server asks its own clock, so that no two have the same state.</summary>
internal sealed class WallClockBankFsm : BankFsm
{
    protected override DateTimeOffset TimeOf(LogEntry entry) => DateTimeOffset.UtcNow;
}
// docs end

/// <summary>Wrong: it makes a transfer again whose answer did not come in time.</summary>
internal sealed class ForgetfulBankFsm : BankFsm
{
    protected override bool IsKnown(string id) => false;
}

/// <summary>Wrong: it throws where it should answer.</summary>
internal sealed class ThrowingBankFsm : BankFsm
{
    protected override DateTimeOffset TimeOf(LogEntry entry) =>
        TransferCount == 3 ? throw new InvalidOperationException("This bank can only count to three.") : default;
}

/// <summary>Wrong: it remembers that it was asked, of which the other servers know nothing.</summary>
internal sealed class CuriousBankFsm : BankFsm
{
    private int _asked;

    public int Ask() => ++_asked;

    public override string ToString() => $"{base.ToString()}, asked {_asked} times";
}

/// <summary>Right, and takes several entries in one call.</summary>
internal sealed class BatchingBankFsm : BankFsm, IBatchingFsm
{
    public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            responses[i] = entries[i].Type == LogType.Command ? Apply(entries[i]) : null;
        }
    }
}
