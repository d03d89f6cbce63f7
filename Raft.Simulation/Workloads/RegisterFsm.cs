using System.Buffers.Binary;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>The state machine of the built-in workload: a few registers with put and compare-and-swap.</summary>
internal class RegisterFsm : IFsm
{
    /// <summary>How many registers there are.</summary>
    public const int Count = 5;

    /// <summary>How many bytes of a state say what it is.</summary>
    protected const int StateBytes = CheckedBytes + sizeof(ulong);

    private const int CommandBytes = 1 + 1 + 8 + 8;
    private const int CheckedBytes = (Count + 1) * sizeof(long);

    /// <summary>A snapshot is larger than it needs to be, by up to so many bytes, so that it takes many pieces to send.</summary>
    private const int PaddingMax = 4000;

    private readonly long[] _values = new long[Count];
    private ulong _history = 1;

    /// <summary>A digest over the state and the way there.</summary>
    public ulong Digest => _history;

    /// <summary>A register's value, 0 for none.</summary>
    public long this[int register] => _values[register];

    /// <summary>A command that writes a value.</summary>
    public static byte[] Put(int register, long value, int padding) => Encode(0, register, 0, value, padding);

    /// <summary>A command that writes a value if it finds the expected one.</summary>
    public static byte[] CompareAndSwap(int register, long expected, long value, int padding) =>
        Encode(1, register, expected, value, padding);

    /// <inheritdoc/>
    public object? Apply(LogEntry entry)
    {
        ReadOnlySpan<byte> command = entry.Data.Span;
        int register = command[1];
        long expected = BinaryPrimitives.ReadInt64LittleEndian(command[2..]);
        long value = BinaryPrimitives.ReadInt64LittleEndian(command[10..]);
        bool isWritten = command[0] == 0 || _values[register] == expected;
        if (isWritten)
        {
            _values[register] = value;
        }

        _history = Mix.Add(Mix.Add(_history, (ulong)register), (ulong)_values[register]);
        return isWritten;
    }

    /// <summary>The state as a snapshot has it.</summary>
    public byte[] State() => Encode(_values, _history);

    /// <summary>The values in a state.</summary>
    public static long[] Values(ReadOnlySpan<byte> state)
    {
        long[] values = new long[Count];
        for (int i = 0; i < Count; i++)
        {
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(state[(i * sizeof(long))..]);
        }

        return values;
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot() => new Held(State());

    /// <inheritdoc/>
    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        byte[] state = new byte[StateBytes];
        await snapshot.ReadExactlyAsync(state, cancellationToken);
        Load(state);
        await snapshot.ReadExactlyAsync(new byte[(int)(_history % PaddingMax)], cancellationToken);
    }

    /// <summary>Takes a state over.</summary>
    protected void Load(ReadOnlySpan<byte> state)
    {
        if (Mix.Of(state[..CheckedBytes]) != BinaryPrimitives.ReadUInt64LittleEndian(state[CheckedBytes..]))
        {
            throw new InvalidOperationException("A state is put together from pieces of several.");
        }

        Values(state).CopyTo(_values, 0);
        _history = BinaryPrimitives.ReadUInt64LittleEndian(state[(Count * sizeof(long))..]);
    }

    private static byte[] Encode(long[] values, ulong history)
    {
        byte[] state = new byte[StateBytes + (int)(history % PaddingMax)];
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(i * sizeof(long)), values[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(Count * sizeof(long)), history);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(CheckedBytes), Mix.Of(state.AsSpan(0, CheckedBytes)));
        return state;
    }

    private static byte[] Encode(byte kind, int register, long expected, long value, int padding)
    {
        byte[] command = new byte[CommandBytes + padding];
        command[0] = kind;
        command[1] = (byte)register;
        BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(2), expected);
        BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(10), value);
        return command;
    }

    private sealed class Held(byte[] state) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
            await destination.WriteAsync(state, cancellationToken);

        public void Dispose()
        {
        }
    }
}
