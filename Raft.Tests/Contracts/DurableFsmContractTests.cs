using System.Buffers.Binary;
using System.Text;
using NUnit.Framework.Internal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

/// <summary>The contract of state machines that keep their own state finds those that do not keep to it.</summary>
public sealed class DurableFsmContractTests
{
    [Test]
    [Reference("g03")]
    public void An_index_that_is_written_before_the_state_is_found() => Fails(
        new Fixture { Fault = Fault.IndexFirst }, f => f.After_a_crash_at_any_change_of_its_disk_it_has_the_state_that_it_says_to_have());

    [Test]
    [Reference("g03")]
    public void An_index_that_is_written_behind_the_state_is_found() => Fails(
        new Fixture { Fault = Fault.StateFirst }, f => f.After_a_crash_at_any_change_of_its_disk_it_has_the_state_that_it_says_to_have());

    [Test]
    public void A_restore_that_keeps_the_index_from_before_is_found() => Fails(
        new Fixture { Fault = Fault.RestoreKeepsIndex }, f => f.What_was_given_last_is_what_it_says_to_have());

    [Test]
    public void A_state_that_is_not_written_but_for_its_index_is_found() => Fails(
        new Fixture { Fault = Fault.IndexOnly }, f => f.After_a_crash_between_two_entries_it_has_the_state_that_it_says_to_have());

    [Test]
    public void A_batch_whose_index_is_written_before_all_of_it_is_found() => Fails(
        new Fixture { Fault = Fault.IndexFirst },
        f => f.After_a_crash_at_any_change_within_a_batch_it_has_the_state_that_it_says_to_have());

    private static void Fails(Fixture fixture, Func<Fixture, Task> test)
    {
        using var apart = new TestExecutionContext.IsolatedContext();
        Assert.That(() => test(fixture), Throws.InstanceOf<AssertionException>());
    }

    /// <summary>What a state machine does wrong.</summary>
    private enum Fault
    {
        IndexFirst,
        StateFirst,
        RestoreKeepsIndex,
        IndexOnly,
    }

    [Explicit("Its state machine breaks the contract.")]
    private sealed class Fixture : DurableFsmContract
    {
        private FaultDisk _disk = new();

        public Fault Fault { get; init; }

        protected override byte[] Command(int number) => Encoding.UTF8.GetBytes($"{number}");

        protected override ValueTask<IDurableFsm> CreateAsync() => OpenAsync(new FaultDisk());

        protected override async ValueTask<IDurableFsm?> CreateFailingAsync(int change)
        {
            IDurableFsm fsm = await CreateAsync();
            _disk.FailFrom = _disk.Changes + change;
            return fsm;
        }

        protected override ValueTask<IDurableFsm> ReopenAsync(IDurableFsm fsm) =>
            OpenAsync(_disk.AfterPowerCut(keepsUnsynced: false, keepsNames: false));

        private async ValueTask<IDurableFsm> OpenAsync(FaultDisk disk)
        {
            _disk = disk;
            await disk.CreateDirectoryAsync("/sum");
            var fsm = new Sum(
                Fault, await disk.OpenAsync("/sum/index", DiskOpenMode.ExistingOrNew),
                await disk.OpenAsync("/sum/state", DiskOpenMode.ExistingOrNew));
            await disk.SyncDirectoryAsync("/sum");
            await fsm.ReadAsync();
            return fsm;
        }
    }

    /// <summary>Adds numbers up, and keeps index and sum in two files.</summary>
    private sealed class Sum(Fault fault, IDiskFile index, IDiskFile state) : IDurableFsm, IBatchingFsm
    {
        private ulong _sum;

        public AppliedPoint Applied { get; private set; }

        public async Task ReadAsync()
        {
            byte[] bytes = new byte[16];
            await index.ReadAtAsync(0, bytes);
            Applied = new AppliedPoint(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
            bytes.AsSpan().Clear();
            await state.ReadAtAsync(0, bytes.AsMemory(0, 8));
            _sum = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }

        public object? Apply(LogEntry entry)
        {
            _sum += ulong.Parse(entry.Data.Span);
            Applied = new AppliedPoint(entry.Index, entry.Term);
            WriteAsync().GetAwaiter().GetResult();
            return null;
        }

        // Each entry is written on its own, and says to be the last.
        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            foreach (LogEntry entry in entries)
            {
                _sum += ulong.Parse(entry.Data.Span);
                Applied = new AppliedPoint(entries[^1].Index, entries[^1].Term);
                WriteAsync().GetAwaiter().GetResult();
            }
        }

        public IFsmSnapshot Snapshot() => new Held(_sum);

        public async Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken)
        {
            byte[] bytes = new byte[8];
            await snapshot.ReadExactlyAsync(bytes, cancellationToken);
            _sum = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Applied = fault == Fault.RestoreKeepsIndex ? Applied : at;
            await WriteAsync();
        }

        private async Task WriteAsync()
        {
            byte[] bytes = new byte[24];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Applied.Index);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Applied.Term);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), _sum);
            if (fault == Fault.StateFirst)
            {
                await state.WriteAndSyncAsync(0, bytes.AsMemory(16));
            }

            await index.WriteAndSyncAsync(0, bytes.AsMemory(0, 16));
            if (fault is Fault.IndexFirst or Fault.RestoreKeepsIndex)
            {
                await state.WriteAndSyncAsync(0, bytes.AsMemory(16));
            }
        }

        private sealed class Held(ulong sum) : IFsmSnapshot
        {
            public async Task PersistAsync(Stream destination, CancellationToken cancellationToken) =>
                await destination.WriteAsync(BitConverter.GetBytes(sum), cancellationToken);

            public void Dispose()
            {
            }
        }
    }
}
