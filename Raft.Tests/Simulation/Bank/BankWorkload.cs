using Raft;
using Raft.Simulation;

namespace Bank;

/// <summary>What clients do with the bank, and what must be true of it.</summary>
internal sealed class BankWorkload : SimulationWorkload<BankFsm>
{
    private const long Total = BankFsm.Accounts * BankFsm.FirstBalance;

    private readonly Dictionary<string, Transfer> _sent = [];
    private readonly List<string> _answered = [];

    // Each seed begins with a new workload, since this one remembers what was sent.
    public override SimulationWorkload<BankFsm> ForRun(SimulationRun run) => new BankWorkload();

    public override async Task RunClientAsync(SimulationClient<BankFsm> client)
    {
        for (int number = 0; !client.IsStopping; number++)
        {
            await TransferAsync(client, $"client {client.Number}, transfer {number}");
            SimulationOutcome<long> total = await client.ReadAsync(bank => bank.Balances.Sum());
            if (total.IsDone)
            {
                Require(total.Value == Total, $"a client saw {total.Value} in all accounts");
            }
        }
    }

    // Compared after every entry: equal entries must have led to equal states on all servers.
    public override ulong Digest(BankFsm fsm)
    {
        var digest = new StateDigest();
        foreach (long balance in fsm.Balances)
        {
            digest.Add(balance);
        }

        // Of the transfers only how many: to go through all of them after every entry would take long.
        return digest.Add(fsm.TransferCount).Add(fsm.LastTransferAt.UtcTicks).Value;
    }

    // Looked at after every entry, on every server.
    public override void CheckState(BankFsm fsm)
    {
        Require(fsm.Balances.Sum() == Total, $"money came or went: {fsm}");
        Require(fsm.Balances.Min() >= 0, $"an account is overdrawn: {fsm}");
    }

    // Looked at once, when all servers have recovered.
    public override void CheckEnd(IReadOnlyList<SimulationReplica<BankFsm>> replicas)
    {
        foreach ((ServerId server, BankFsm bank) in replicas)
        {
            foreach (string id in _answered)
            {
                Require(bank.HasMade(id), $"{server} lost the transfer of {id}, which had been answered");
            }

            long[] expected = [.. Enumerable.Repeat(BankFsm.FirstBalance, BankFsm.Accounts)];
            foreach (Transfer made in _sent.Values.Where(sent => bank.HasMade(sent.Id)))
            {
                expected[made.From] -= made.Amount;
                expected[made.To] += made.Amount;
            }

            Require(bank.Balances.SequenceEqual(expected), $"{server} has {bank}; due are {string.Join(' ', expected)}");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new SimulationViolationException(otherwise);
        }
    }

    private async Task TransferAsync(SimulationClient<BankFsm> client, string id)
    {
        var transfer = new Transfer(
            id, client.Random.Next(BankFsm.Accounts), client.Random.Next(BankFsm.Accounts), client.Random.Next(1, 50));
        _sent.Add(id, transfer);
        SimulationOutcome<bool> outcome;
        do
        {
            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(200)));
            outcome = await client.ApplyAsync<bool>(transfer.Encode());
        }
        while (!outcome.IsDone && !client.IsStopping);

        if (outcome is { IsDone: true, Value: true })
        {
            _answered.Add(id);
        }
    }
}
