using Raft.Simulation.Disk;
using Raft.Simulation.Kernel;
using Raft.Stores.Wal;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Simulation;

/// <summary>Snapshots on a simulated disk that crashes at any time, with and without power.</summary>
public sealed class SimSnapshotTests
{
    private const int Seeds = 100;
    private const int StateBytes = 9000;

    private static readonly FileSnapshotOptions Options =
        new() { BufferBytes = FileSnapshotOptions.BufferBytesMin, TimeProvider = new StandingClock(1) };

    [Test]
    public void No_crash_loses_or_tears_a_committed_snapshot()
    {
        Assert.That(Enumerable.Range(0, Seeds).Where(seed => IsBroken((ulong)seed, WalMutation.None)), Is.Empty);
    }

    [Test]
    public void A_snapshot_that_is_visible_before_it_is_durable_is_found_broken()
    {
        Assert.That(
            Enumerable.Range(0, Seeds).Count(seed => IsBroken((ulong)seed, WalMutation.SnapshotVisibleBeforeDurable)),
            Is.GreaterThan(Seeds / 20));
    }

    private static bool IsBroken(ulong seed, WalMutation mutation)
    {
        var kernel = new SimKernel(seed, watchPool: false);
        var disk = new SimDisk(kernel, new DiskConditions());
        ulong committed = 0;
        for (int life = 0; life < 3; life++)
        {
            SimProcess process = kernel.NewProcess("p", new MachineClock(kernel));
            bool isOver = false;
            Task run = process.Start(async () =>
            {
                FileSnapshotStore store = await FileSnapshotStore.OpenAsync("/data", disk.Mount(process), Options, mutation);
                for (ulong index = (ulong)(life * 10) + 1; index < (ulong)(life * 10) + 6; index++)
                {
                    await TestSnapshots.WriteAsync(store, TestSnapshots.Point(1, index), TestSnapshots.Content(StateBytes, (int)index));
                    committed = index;
                }
            });
            disk.CrashAtNextChange = null;
            kernel.Run(kernel.Now + TimeSpan.FromMilliseconds(kernel.Random.Between(0, 60)));
            disk.CrashAtNextChange = () => isOver = true;
            kernel.Run(kernel.Now + TimeSpan.FromSeconds(1), () => isOver || run.IsCompleted);
            process.Kill();
            if (kernel.Random.Chance(0.7))
            {
                disk.CutPower();
            }
            else
            {
                disk.CrashProcess();
            }

            if (!IsSound(kernel, disk, committed))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSound(SimKernel kernel, SimDisk disk, ulong committed)
    {
        disk.CrashAtNextChange = null;
        SimProcess reader = kernel.NewProcess("reader", new MachineClock(kernel));
        Task<bool>? check = null;
        reader.Start(() => check = CheckAsync(disk.Mount(reader), committed));
        kernel.Run(kernel.Now + TimeSpan.FromMinutes(1), () => check?.IsCompleted == true);
        return check!.GetAwaiter().GetResult();
    }

    private static async Task<bool> CheckAsync(IDisk disk, ulong committed)
    {
        FileSnapshotStore store = await FileSnapshotStore.OpenAsync("/data", disk, Options);
        IReadOnlyList<SnapshotMeta> listed = await store.ListAsync();
        try
        {
            foreach (SnapshotMeta meta in listed)
            {
                byte[] content = await TestSnapshots.ReadAsync(store, meta.Id);
                Assert.That(content, Is.EqualTo(TestSnapshots.Content(StateBytes, (int)meta.Index)));
            }
        }
        catch (CorruptStoreException)
        {
            return false;
        }

        return committed == 0 || listed.Any(meta => meta.Index >= committed);
    }
}
