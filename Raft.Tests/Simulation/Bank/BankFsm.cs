using Raft;

namespace Bank;

/// <summary>A bank: accounts with balances, and which transfers were made between them.</summary>
internal class BankFsm : IFsm
{
    public const int Accounts = 5;
    public const long FirstBalance = 100;

    private readonly long[] _balances = [.. Enumerable.Repeat(FirstBalance, Accounts)];
    private readonly HashSet<string> _made = [];

    public IReadOnlyList<long> Balances => _balances;

    public int TransferCount => _made.Count;

    public DateTimeOffset LastTransferAt { get; private set; }

    public bool HasMade(string id) => _made.Contains(id);

    public object? Apply(LogEntry entry)
    {
        Transfer transfer = Transfer.Decode(entry.Data.Span);
        if (IsKnown(transfer.Id))
        {
            return true;
        }

        // What cannot be done is answered, not thrown: an exception would stop every server.
        if (_balances[transfer.From] < transfer.Amount)
        {
            return false;
        }

        _balances[transfer.From] -= transfer.Amount;
        _balances[transfer.To] += transfer.Amount;
        _made.Add(transfer.Id);
        LastTransferAt = TimeOf(entry);
        return true;
    }

    // A report of a failure shows the state like this.
    public override string ToString() =>
        $"{string.Join(' ', _balances)}, {TransferCount} transfers, the last at {LastTransferAt:HH:mm:ss.fffffff}";

    // Whoever sends a transfer again, because no answer came, does not mean a second one.
    protected virtual bool IsKnown(string id) => _made.Contains(id);

    // The time at which the leader took the command. It stands in the log, so it is the same on all servers.
    protected virtual DateTimeOffset TimeOf(LogEntry entry) => entry.AppendedAt.ToDateTimeOffset();
}
