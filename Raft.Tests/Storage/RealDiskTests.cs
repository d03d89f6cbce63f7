using Raft.Stores.Wal;
using Raft.Stores.Wal.Disk;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>The machine's own file system says what failed, and leaves nobody on a foreign scheduler.</summary>
[TestFixture]
public sealed class RealDiskTests
{
    private readonly RealDisk _disk = new();

    [Test]
    [Platform("Linux")]
    public async Task What_a_sync_answers_is_told()
    {
        // A device without storage cannot be synced, which the runtime's own flush passes over in silence.
        await using IDiskFile device = await _disk.OpenAsync("/dev/null", DiskOpenMode.Existing);

        Assert.That(async () => await device.SyncDataAsync(), Throws.InstanceOf<IOException>().With.Message.Contains("sync"));
        Assert.That(async () => await device.WriteAndSyncAsync(0, new byte[8]), Throws.InstanceOf<IOException>());
    }

    [Test]
    [Platform("Linux")]
    public async Task What_a_write_answers_is_told()
    {
        await using IDiskFile full = await _disk.OpenAsync("/dev/full", DiskOpenMode.Existing);

        Assert.That(async () => await full.WriteAtAsync(0, new byte[8]), Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task A_file_keeps_what_was_written_and_grows_by_zeros([Values] bool isReserved)
    {
        using var directory = new TemporaryDirectory();
        await using IDiskFile file = await _disk.OpenAsync(directory.File("a"), DiskOpenMode.New);
        await (isReserved ? file.ReserveAsync(0, 3_000_000) : file.AllocateAsync(0, 3_000_000));
        await file.WriteAndSyncAsync(2_999_998, new byte[] { 1, 2, 3, 4 });

        byte[] read = new byte[10];
        int count = await file.ReadAtAsync(2_999_996, read);

        Assert.That((count, await file.GetLengthAsync()), Is.EqualTo((6, 3_000_002L)));
        Assert.That(read[..6], Is.EqualTo(new byte[] { 0, 0, 1, 2, 3, 4 }));
    }

    [Test]
    public async Task Names_are_made_listed_renamed_and_deleted()
    {
        using var directory = new TemporaryDirectory();
        string deep = Path.Combine(directory.Path, "a", "b");
        Assert.That(await _disk.ListAsync(deep), Is.Empty);
        await _disk.CreateDirectoryAsync(deep);
        foreach (string name in new[] { "z", "y", "x" })
        {
            await (await _disk.OpenAsync(Path.Combine(deep, name), DiskOpenMode.New)).DisposeAsync();
        }

        await _disk.RenameAsync(Path.Combine(deep, "z"), Path.Combine(deep, "x"));
        await _disk.DeleteAsync(Path.Combine(deep, "not there"));
        await _disk.SyncDirectoryAsync(deep);

        Assert.That(await _disk.ListAsync(deep), Is.EqualTo(new[] { "x", "y" }));
        Assert.That(
            async () => await _disk.OpenAsync(Path.Combine(deep, "x"), DiskOpenMode.New), Throws.InstanceOf<IOException>());
        Assert.That(
            async () => await _disk.OpenAsync(Path.Combine(deep, "z"), DiskOpenMode.Existing), Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task Directories_are_listed_renamed_with_their_files_and_deleted_while_one_of_these_is_read()
    {
        using var directory = new TemporaryDirectory();
        Assert.That(await _disk.ListDirectoriesAsync(directory.File("none")), Is.Empty);
        foreach (string name in new[] { "z", "y", "x" })
        {
            await _disk.CreateDirectoryAsync(directory.File(name));
        }

        await using (IDiskFile written = await _disk.OpenAsync(Path.Combine(directory.File("y"), "file"), DiskOpenMode.New))
        {
            await written.WriteAtAsync(0, new byte[] { 1, 2, 3 });
        }

        Assert.That(
            async () => await _disk.RenameDirectoryAsync(directory.File("y"), directory.File("x")), Throws.InstanceOf<IOException>());
        await _disk.RenameDirectoryAsync(directory.File("y"), directory.File("w"));
        Assert.That(await _disk.ListDirectoriesAsync(directory.Path), Is.EqualTo(new[] { "w", "x", "z" }));

        await using IDiskFile read = await _disk.OpenAsync(Path.Combine(directory.File("w"), "file"), DiskOpenMode.Existing);
        await _disk.DeleteDirectoryAsync(directory.File("w"));
        await _disk.DeleteDirectoryAsync(directory.File("w"));
        byte[] bytes = new byte[3];

        Assert.That(await _disk.ListDirectoriesAsync(directory.Path), Is.EqualTo(new[] { "x", "z" }));
        Assert.That((await read.ReadAtAsync(0, bytes), bytes), Is.EqualTo((3, new byte[] { 1, 2, 3 })));
    }

    [Test]
    public void The_name_of_a_directory_that_exists_already_is_made_durable_too()
    {
        using var directory = new TemporaryDirectory();
        var synced = new List<string>();

        DurableDirectory.Create(directory.Path, synced.Add);
        DurableDirectory.Create(directory.File("a"), synced.Add);

        string parent = Path.GetDirectoryName(directory.Path)!;
        Assert.That(synced, Is.EqualTo(new[] { parent, parent, directory.Path }));
    }

    [Test]
    public async Task Whoever_waits_for_the_disk_goes_on_where_it_waited()
    {
        using var directory = new TemporaryDirectory();
        TaskScheduler own = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;

        async Task<bool> LiveAsync()
        {
            await using WalStore store = await WalStore.OpenAsync(directory.Path, options: WalScript.Options());
            bool isOwn = TaskScheduler.Current == own;
            for (ulong index = 1; index < 60; index++)
            {
                await store.Log.AppendAsync(TestEntries.Append(TestEntries.Batch(index, 1, 1, bytes: 300)));
                isOwn &= TaskScheduler.Current == own;
                await store.Log.ReadAsync(1, index, 1000);
                isOwn &= TaskScheduler.Current == own;
                await store.Stable.SaveAsync(new TermAndVote(index));
                isOwn &= TaskScheduler.Current == own;
            }

            return isOwn;
        }

        bool stayed = await Task.Factory.StartNew(LiveAsync, CancellationToken.None, TaskCreationOptions.None, own).Unwrap();

        Assert.That(stayed, Is.True);
    }
}
