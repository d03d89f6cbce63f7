using System.Text.Json;
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

    // The state as it is now: a copy, which is written while transfers go on.
    public IFsmSnapshot Snapshot() => new BankSnapshot(new BankState([.. _balances], [.. _made.Order()], LastTransferAt));

    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        BankState state = (await JsonSerializer.DeserializeAsync<BankState>(snapshot, cancellationToken: cancellationToken))!;
        state.Balances.CopyTo(_balances, 0);
        _made.Clear();
        _made.UnionWith(state.Made);
        LastTransferAt = state.LastTransferAt;
    }

    // A report of a failure shows the state like this.
    public override string ToString() =>
        $"{string.Join(' ', _balances)}, {TransferCount} transfers, the last at {LastTransferAt:HH:mm:ss.fffffff}";

    // Whoever sends a transfer again, because no answer came, does not mean a second one.
    protected virtual bool IsKnown(string id) => _made.Contains(id);

    // The time at which the leader took the command. It stands in the log, so it is the same on all servers.
    protected virtual DateTimeOffset TimeOf(LogEntry entry) => entry.AppendedAt.ToDateTimeOffset();

    private sealed record BankState(long[] Balances, string[] Made, DateTimeOffset LastTransferAt);

    private sealed class BankSnapshot(BankState state) : IFsmSnapshot
    {
        public Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            JsonSerializer.SerializeAsync(destination, state, cancellationToken: cancellationToken);

        public void Dispose()
        {
        }
    }
}
