using Raft.Simulation.Workloads;

namespace Raft.Simulation;

/// <summary>One client of a simulated cluster. It asks one server at a time and looks for the leader by itself.</summary>
/// <typeparam name="TFsm">The state machine.</typeparam>
/// <remarks>A call by code that has left the simulation throws, and fails the seed.</remarks>
public sealed class SimulationClient<TFsm>
    where TFsm : class, IFsm
{
    private readonly ClientPort _port;
    private readonly Action<TFsm, Action> _watchRead;

    internal SimulationClient(ClientPort port, int number, Action<TFsm, Action> watchRead)
    {
        _port = port;
        _watchRead = watchRead;
        Number = number;
        Random = new Random(port.Random.Next(int.MaxValue));
    }

    /// <summary>The client's number, from 0 on.</summary>
    public int Number { get; }

    /// <summary>The client's chance, from the seed.</summary>
    public Random Random { get; }

    /// <summary>Whether the client is to end: the faults are over. Look at it in every loop.</summary>
    public bool IsStopping => _port.IsStopping;

    /// <summary>The simulation's true time.</summary>
    public TimeProvider TimeProvider => _port.Process.Time;

    /// <summary>Lets simulated time pass.</summary>
    /// <param name="time">How much.</param>
    /// <returns>Completes then.</returns>
    public Task DelayAsync(TimeSpan time)
    {
        _port.RequireHome();
        return Task.Delay(time, _port.Process.Time);
    }

    /// <summary>Sends a command to one server, once. If it goes nowhere, the next call tries another server.</summary>
    /// <param name="command">
    /// The command. One that is sent again, because its outcome is unknown, may be applied twice, as in any cluster:
    /// give it an id that the state machine remembers.
    /// </param>
    /// <returns>What became of it; <see cref="SimulationOutcome{T}.Value"/> is what the state machine answered.</returns>
    /// <exception cref="EntryTooLargeException">The command is larger than <see cref="RaftLimits.EntryBytesMax"/>.</exception>
    public Task<SimulationOutcome<object?>> ApplyAsync(ReadOnlyMemory<byte> command)
    {
        _port.RequireHome();
        return _port.ApplyAsync(command);
    }

    /// <summary>Sends a command to one server, once. If it goes nowhere, the next call tries another server.</summary>
    /// <typeparam name="TAnswer">What the state machine answers to such a command.</typeparam>
    /// <param name="command">The command, as for <see cref="ApplyAsync(ReadOnlyMemory{byte})"/>.</param>
    /// <returns>What became of it; <see cref="SimulationOutcome{T}.Value"/> is what the state machine answered.</returns>
    /// <exception cref="EntryTooLargeException">The command is larger than <see cref="RaftLimits.EntryBytesMax"/>.</exception>
    /// <exception cref="InvalidCastException">The state machine answered something else.</exception>
    public async Task<SimulationOutcome<TAnswer>> ApplyAsync<TAnswer>(ReadOnlyMemory<byte> command)
    {
        SimulationOutcome<object?> outcome = await ApplyAsync(command);
        bool isAnswer = outcome.Value is TAnswer || (outcome.Value is null && default(TAnswer) is null);
        if (outcome.IsDone && !isAnswer)
        {
            string answer = outcome.Value?.GetType().ToString() ?? "null";
            throw new InvalidCastException($"The state machine answered {answer} where {typeof(TAnswer)} was expected.");
        }

        return new SimulationOutcome<TAnswer>(
            outcome.Kind, outcome.IsDone ? (TAnswer?)outcome.Value : default, outcome.Index, outcome.Term, outcome.Server);
    }

    /// <summary>Reads from one server's replica, linearizably: with everything that was answered before.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="read">
    /// Reads the replica, and changes nothing: other servers would not know. What it returns must not change later.
    /// </param>
    /// <returns>What was read.</returns>
    public Task<SimulationOutcome<T>> ReadAsync<T>(Func<TFsm, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        _port.RequireHome();
        return _port.ReadAsync(fsm =>
        {
            T? value = default;
            _watchRead((TFsm)fsm, () => value = read((TFsm)fsm));
            return value!;
        });
    }

    /// <summary>The share of its turns in which it replaces the cluster's state; 0 for never.</summary>
    internal double RestoreShare => _port.RestoreShare;

    /// <summary>The share of its turns in which it reads, beside those that it draws itself.</summary>
    internal double ReadShare => _port.ReadShare;

    /// <summary>Sends a command to some server, once, beside everything else; what becomes of it nobody hears.</summary>
    internal void SendAside(ReadOnlyMemory<byte> command) => _port.SendAside(command);

    /// <summary>Replaces the cluster's state by one in the form of the state machine's snapshots.</summary>
    internal Task<SimulationOutcome<object?>> RestoreAsync(byte[] state) => _port.RestoreAsync(state);

    /// <summary>Waits until all that was appended before is applied.</summary>
    /// <returns>Whether that is so; false also where it is not known.</returns>
    internal Task<bool> BarrierAsync() => _port.BarrierAsync();

    /// <summary>Looks at a server by a promise that allows for an older state.</summary>
    /// <returns>Whether it answered; false also where it is not known.</returns>
    internal Task<bool> LookAsync() => _port.LookAsync();

    /// <summary>Asks a server to prove that it leads.</summary>
    /// <returns>Whether it does; false also where it is not known.</returns>
    internal Task<bool> VerifyAsync() => _port.VerifyAsync();
}
