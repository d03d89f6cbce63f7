namespace Raft.Simulation.Workloads;

/// <summary>The built-in workload: clients read, write and swap a few registers.</summary>
internal sealed class RegisterWorkload : SimulationWorkload<RegisterFsm>
{
    private long _lastValue;

    public override SimulationWorkload<RegisterFsm> ForRun(SimulationRun run) => new RegisterWorkload();

    public override ulong Digest(RegisterFsm fsm) => fsm.Digest;

    public override async Task RunClientAsync(SimulationClient<RegisterFsm> client)
    {
        long seen = 0;
        while (!client.IsStopping)
        {
            int register = client.Random.Next(RegisterFsm.Count);
            switch (client.Random.Next(3))
            {
                case 0:
                    SimulationOutcome<long> read = await client.ReadAsync(fsm => fsm[register]);
                    seen = read.Value;
                    break;
                case 1:
                    await client.ApplyAsync(RegisterFsm.Put(register, ++_lastValue));
                    break;
                default:
                    await client.ApplyAsync(RegisterFsm.CompareAndSwap(register, seen, ++_lastValue));
                    break;
            }

            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(400)));
        }
    }
}
