using Raft.Simulation.Workloads;

namespace Raft.Simulation;

/// <summary>One client of a simulated cluster. It asks one server at a time and looks for the leader by itself.</summary>
/// <typeparam name="TFsm">The state machine.</typeparam>
public sealed class SimulationClient<TFsm>
    where TFsm : class, IFsm
{
    private readonly ClientPort _port;

    internal SimulationClient(ClientPort port, int number)
    {
        _port = port;
        Number = number;
        Random = new Random(port.Random.Next(int.MaxValue));
    }

    /// <summary>The client's number, from 0 on.</summary>
    public int Number { get; }

    /// <summary>The client's chance, from the seed.</summary>
    public Random Random { get; }

    /// <summary>Whether the client is to end.</summary>
    public bool IsStopping => _port.IsStopping;

    /// <summary>The simulation's true time.</summary>
    public TimeProvider TimeProvider => _port.Process.Time;

    /// <summary>Lets simulated time pass.</summary>
    /// <param name="time">How much.</param>
    /// <returns>Completes then.</returns>
    public Task DelayAsync(TimeSpan time) => Task.Delay(time, _port.Process.Time);

    /// <summary>Sends a command to one server, once. If it goes nowhere, the next call tries another server.</summary>
    /// <param name="command">The command. Make each different, so that they can be told apart.</param>
    /// <returns>What became of it; <see cref="SimulationOutcome{T}.Value"/> is what the state machine answered.</returns>
    public Task<SimulationOutcome<object?>> ApplyAsync(ReadOnlyMemory<byte> command) => _port.ApplyAsync(command);

    /// <summary>Reads from one server's replica, linearizably.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="read">Reads the replica, and changes nothing.</param>
    /// <returns>What was read.</returns>
    public Task<SimulationOutcome<T>> ReadAsync<T>(Func<TFsm, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return _port.ReadAsync(fsm => read((TFsm)fsm));
    }
}
