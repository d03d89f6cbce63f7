using System.Text.Json;
using Raft;
using Raft.Simulation;

namespace Bank;

/// <summary>A command that says what two accounts hold from now on.</summary>
internal sealed record Balances(int From, long NewFrom, int To, long NewTo);

/// <summary>A bank that believes its clients: they tell it the new balances.</summary>
internal sealed class ObedientBankFsm : IFsm
{
    private readonly long[] _balances = [.. Enumerable.Repeat(BankFsm.FirstBalance, BankFsm.Accounts)];

    public IReadOnlyList<long> Balances => _balances;

    public object? Apply(LogEntry entry)
    {
        Balances told = JsonSerializer.Deserialize<Balances>(entry.Data.Span)!;
        _balances[told.From] = told.NewFrom;
        _balances[told.To] = told.NewTo;
        return null;
    }

    public IFsmSnapshot Snapshot() => new Held([.. _balances]);

    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken) =>
        (await JsonSerializer.DeserializeAsync<long[]>(snapshot, cancellationToken: cancellationToken))!.CopyTo(_balances, 0);

    private sealed class Held(long[] balances) : IFsmSnapshot
    {
        public Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            JsonSerializer.SerializeAsync(destination, balances, cancellationToken: cancellationToken);

        public void Dispose()
        {
        }
    }
}

/// <summary>Wrong: clients read, reckon and write, and so undo what another did between.</summary>
internal sealed class LostUpdateWorkload : SimulationWorkload<ObedientBankFsm>
{
    public override SimulationWorkload<ObedientBankFsm> ForRun(SimulationRun run) => this;

    public override async Task RunClientAsync(SimulationClient<ObedientBankFsm> client)
    {
        while (!client.IsStopping)
        {
            int from = client.Random.Next(BankFsm.Accounts);
            int to = (from + 1 + client.Random.Next(BankFsm.Accounts - 1)) % BankFsm.Accounts;
            SimulationOutcome<(long From, long To)> read =
                await client.ReadAsync(bank => (bank.Balances[from], bank.Balances[to]));
            if (read.IsDone && read.Value.From > 0)
            {
                long amount = client.Random.NextInt64(1, read.Value.From + 1);
                await client.ApplyAsync(JsonSerializer.SerializeToUtf8Bytes(
                    new Balances(from, read.Value.From - amount, to, read.Value.To + amount)));
            }

            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(50)));
        }
    }

    public override ulong Digest(ObedientBankFsm fsm) =>
        fsm.Balances.Aggregate(new StateDigest(), (digest, balance) => digest.Add(balance)).Value;

    public override void CheckState(ObedientBankFsm fsm)
    {
        if (fsm.Balances.Sum() != BankFsm.Accounts * BankFsm.FirstBalance)
        {
            throw new SimulationViolationException($"money came or went: {string.Join(' ', fsm.Balances)}");
        }
    }
}
