using Raft.Simulation;
using Raft.Simulation.Disk;
using Raft.Simulation.Kernel;

namespace Raft.Tests.Simulation;

/// <summary>What a crash of the process and a cut of the power leave on a simulated disk, over many seeds.</summary>
public sealed class SimDiskTests
{
    private const string Path = "/data/file";
    private const int Seeds = 200;

    [Test]
    public void What_was_synced_survives_every_power_cut()
    {
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
                await file.WriteAndSyncAsync(0, Bytes(1, 3000));
                await disk.SyncDirectoryAsync("/data");
                await file.WriteAtAsync(3000, Bytes(2, 3000));
            });

            world.Disk.CutPower();

            Assert.That(world.Read(Path).Take(3000), Is.All.EqualTo(1), $"seed {seed}");
        }
    }

    [Test]
    public void What_was_not_synced_is_lost_kept_or_torn_by_a_power_cut()
    {
        var outcomes = new HashSet<string>();
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
                await file.AllocateAsync(0, 4096);
                await disk.SyncDirectoryAsync("/data");
                await file.WriteAtAsync(0, Bytes(1, 4096));
            });

            world.Disk.CutPower();

            int kept = world.Read(Path).Count(b => b == 1);
            outcomes.Add(kept == 0 ? "lost" : kept == 4096 ? "kept" : "torn");
        }

        Assert.That(outcomes, Is.EquivalentTo(new[] { "lost", "kept", "torn" }));
    }

    [Test]
    public void A_process_crash_keeps_all_that_was_written()
    {
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
                await file.WriteAtAsync(0, Bytes(1, 1000));
            });

            world.Disk.CrashProcess();

            Assert.That(world.Read(Path), Has.Length.EqualTo(1000).And.All.EqualTo(1));
        }
    }

    [Test]
    public void After_a_failed_sync_the_bytes_are_readable_a_later_sync_succeeds_and_a_power_cut_shows_what_is_missing()
    {
        int lost = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
                await file.AllocateAsync(0, 2048);
                await disk.SyncDirectoryAsync("/data");
                world.Disk.Faults.FailsSyncs = true;
                Assert.That(await FailsAsync(file.WriteAndSyncAsync(0, Bytes(1, 2048))), Is.True);
                world.Disk.Faults.Clear();
                await file.SyncDataAsync();
            });
            Assert.That(world.Read(Path), Is.All.EqualTo(1));

            world.Disk.CutPower();

            lost += world.Read(Path).All(b => b == 1) ? 0 : 1;
        }

        Assert.That(lost, Is.InRange(Seeds / 4, Seeds));
    }

    [Test]
    public void A_name_is_durable_only_after_its_directory_was_synced()
    {
        int kept = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                IDiskFile file = await disk.OpenAsync("/data/new", DiskOpenMode.New);
                await file.WriteAndSyncAsync(0, Bytes(1, 100));
                await disk.SyncDirectoryAsync("/data");
                await disk.RenameAsync("/data/new", Path);
            });

            world.Disk.CutPower();

            bool isRenamed = world.Disk.Files.ContainsKey(Path);
            Assert.That(world.Disk.Files.ContainsKey("/data/new"), Is.Not.EqualTo(isRenamed));
            kept += isRenamed ? 1 : 0;
        }

        Assert.That(kept, Is.InRange(Seeds / 5, Seeds * 4 / 5));
    }

    [Test]
    public void A_directory_is_renamed_with_all_that_is_in_it_or_not_at_all()
    {
        int renamed = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                await CreateAsync(disk, "/data/old/a", "/data/old/b", "/data/older/c");
                await disk.SyncDirectoryAsync("/data/old");
                await disk.SyncDirectoryAsync("/data/older");
                await disk.RenameDirectoryAsync("/data/old", "/data/new");
                Assert.That(await disk.ListAsync("/data/new"), Is.EqualTo(new[] { "a", "b" }));
                Assert.That(await disk.ListDirectoriesAsync("/data"), Is.EqualTo(new[] { "new", "older" }));
            });

            world.Disk.CutPower();

            bool isRenamed = world.Disk.Names.HasDirectory("/data/new");
            string now = isRenamed ? "/data/new" : "/data/old";
            Assert.That(world.Disk.Files.Keys, Is.EquivalentTo(new[] { $"{now}/a", $"{now}/b", "/data/older/c" }), $"seed {seed}");
            renamed += isRenamed ? 1 : 0;
        }

        Assert.That(renamed, Is.InRange(Seeds / 5, Seeds * 4 / 5));
    }

    [Test]
    public void A_directory_whose_renaming_was_synced_may_have_lost_the_files_whose_names_were_not([Values] bool isSynced)
    {
        int lost = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                await CreateAsync(disk, "/data/old/a", "/data/old/b");
                if (isSynced)
                {
                    await disk.SyncDirectoryAsync("/data/old");
                }

                await disk.RenameDirectoryAsync("/data/old", "/data/new");
                await disk.SyncDirectoryAsync("/data");
            });

            world.Disk.CutPower();

            Assert.That(world.Disk.Names.HasDirectory("/data/new"), Is.True);
            Assert.That(world.Disk.Names.HasDirectory("/data/old"), Is.False);
            lost += world.Disk.Files.Count < 2 ? 1 : 0;
        }

        Assert.That(lost, isSynced ? Is.Zero : Is.InRange(Seeds / 5, Seeds * 4 / 5));
    }

    [Test]
    public void A_deleted_directory_may_come_back_with_some_of_its_files_until_its_parent_is_synced([Values] bool isSynced)
    {
        var left = new HashSet<int>();
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed);
            world.Run(async disk =>
            {
                await CreateAsync(disk, "/data/old/a", "/data/old/b");
                await disk.SyncDirectoryAsync("/data/old");
                await disk.DeleteDirectoryAsync("/data/old");
                await disk.DeleteDirectoryAsync("/data/not there");
                Assert.That(await disk.ListDirectoriesAsync("/data"), Is.Empty);
                if (isSynced)
                {
                    await disk.SyncDirectoryAsync("/data");
                }
            });

            world.Disk.CutPower();

            left.Add(world.Disk.Files.Count);
        }

        Assert.That(left, Is.EquivalentTo(isSynced ? new[] { 0 } : [0, 1, 2]));
    }

    [Test]
    public void A_directory_takes_neither_the_place_of_another_nor_one_that_is_not_there()
    {
        var world = new World(1);
        world.Run(async disk =>
        {
            await CreateAsync(disk, "/data/one/a", "/data/other/b");
            Assert.That(await FailsAsync(disk.RenameDirectoryAsync("/data/one", "/data/other")), Is.True);
            Assert.That(await FailsAsync(disk.RenameDirectoryAsync("/data/none", "/data/new")), Is.True);
            Assert.That(await FailsAsync(disk.RenameDirectoryAsync("/data/one", "/elsewhere/one")), Is.True);
        });

        Assert.That(world.Disk.Files.Keys, Is.EqualTo(new[] { "/data/one/a", "/data/other/b" }));
    }

    [Test]
    public void A_full_disk_refuses_growth_and_takes_what_has_room()
    {
        var world = new World(1);
        world.Run(async disk =>
        {
            IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
            await file.AllocateAsync(0, 1000);
            world.Disk.Faults.IsFull = true;
            await file.WriteAndSyncAsync(0, Bytes(1, 1000));
            Assert.That(await FailsAsync(file.WriteAtAsync(1000, Bytes(1, 1))), Is.True);
        });

        Assert.That(world.Disk.Coverage[Happening.DiskFull], Is.EqualTo(1));
    }

    [Test]
    public void A_stalled_disk_completes_nothing_until_the_stall_ends()
    {
        var world = new World(1);
        TimeSpan? done = null;
        world.Start(async disk =>
        {
            IDiskFile file = await disk.OpenAsync(Path, DiskOpenMode.New);
            world.Disk.Stall(TimeSpan.FromSeconds(3));
            await file.WriteAtAsync(0, Bytes(1, 1));
            done = world.Kernel.Now;
        });

        world.Kernel.Run(TimeSpan.FromSeconds(10));

        Assert.That(done, Is.GreaterThan(TimeSpan.FromSeconds(3)));
    }

    [Test]
    public void The_lock_of_a_dead_process_is_free_and_its_owner_cannot_free_the_next_ones()
    {
        var world = new World(1);
        IDisposable? first = null;
        world.Run(async disk => first = await disk.LockAsync("/data/lock"));
        Assert.ThrowsAsync<StoreLockedException>(async () => await world.Disk.Mount(world.Process).LockAsync("/data/lock"));

        world.Process.Kill();
        world.Disk.CrashProcess();
        SimProcess next = world.Kernel.NewProcess("next", new MachineClock(world.Kernel));
        Assert.DoesNotThrowAsync(async () => await world.Disk.Mount(next).LockAsync("/data/lock"));
        first!.Dispose();

        Assert.ThrowsAsync<StoreLockedException>(async () => await world.Disk.Mount(next).LockAsync("/data/lock"));
    }

    private static async Task CreateAsync(IDisk disk, params string[] paths)
    {
        foreach (string path in paths)
        {
            await disk.CreateDirectoryAsync(System.IO.Path.GetDirectoryName(path)!);
            await (await disk.OpenAsync(path, DiskOpenMode.New)).DisposeAsync();
        }
    }

    // Not Assert.ThrowsAsync, which blocks the thread that the simulated disk needs to go on.
    private static async Task<bool> FailsAsync(ValueTask call)
    {
        try
        {
            await call;
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static byte[] Bytes(byte value, int count) => [.. Enumerable.Repeat(value, count)];

    /// <summary>A disk and a process that uses it.</summary>
    private sealed class World
    {
        public World(ulong seed)
        {
            Kernel = new SimKernel(seed, watchPool: false);
            Process = Kernel.NewProcess("p", new MachineClock(Kernel));
            Disk = new SimDisk(Kernel, new DiskConditions());
        }

        public SimKernel Kernel { get; }

        public SimProcess Process { get; }

        public SimDisk Disk { get; }

        public Task Start(Func<IDisk, Task> use) => Process.Start(() => use(Disk.Mount(Process)));

        public void Run(Func<IDisk, Task> use)
        {
            Task task = Start(use);
            Kernel.Run(TimeSpan.FromMinutes(1), () => task.IsCompleted);
            task.GetAwaiter().GetResult();
        }

        public byte[] Read(string path)
        {
            SimInode inode = Disk.Files[path];
            byte[] bytes = new byte[inode.Length];
            inode.Read(0, bytes);
            return bytes;
        }
    }
}
