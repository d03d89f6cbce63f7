using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>Nothing on the machine's disk is changed by whoever uses it through a disk that is only read.</summary>
[TestFixture]
public sealed class ReadOnlyDiskTests
{
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void DeleteDirectory() => _directory.Dispose();

    [Test]
    public async Task What_is_written_is_read_back_and_never_reaches_the_disk([Range(1, 3)] int seed)
    {
        var random = new Random(seed);
        byte[] there = new byte[20_000];
        random.NextBytes(there);
        string path = _directory.File("file");
        await File.WriteAllBytesAsync(path, there);
        var model = new List<byte>(there);

        await using (var file = (IBlockingDiskFile)await new ReadOnlyDisk().OpenAsync(path, DiskOpenMode.Existing))
        {
            for (int i = 0; i < 300; i++)
            {
                int offset = random.Next(30_000);
                byte[] bytes = new byte[random.Next(1, 9000)];
                switch (random.Next(3))
                {
                    case 0:
                        random.NextBytes(bytes);
                        Grow(model, offset + bytes.Length);
                        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)[offset..(offset + bytes.Length)].Clear();
                        bytes.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)[offset..]);
                        await file.WriteAndSyncAsync(offset, bytes);
                        break;
                    case 1 when i % 20 == 0:
                        Grow(model, offset + bytes.Length);
                        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)[offset..(offset + bytes.Length)].Clear();
                        await file.AllocateAsync(offset, bytes.Length);
                        break;
                    default:
                        int read = await file.ReadAtAsync(offset, bytes);
                        byte[] expected = [.. model.Skip(offset).Take(bytes.Length)];
                        Assert.That(bytes[..read], Is.EqualTo(expected), $"seed {seed}, step {i}");
                        break;
                }

                Assert.That(await file.GetLengthAsync(), Is.EqualTo(model.Count));
            }
        }

        Assert.That(await File.ReadAllBytesAsync(path), Is.EqualTo(there));
    }

    [Test]
    public async Task Nothing_is_made_renamed_or_deleted()
    {
        string path = _directory.File("file");
        await File.WriteAllTextAsync(path, "text");
        var disk = new ReadOnlyDisk();

        await disk.DeleteAsync(path);
        await disk.DeleteDirectoryAsync(_directory.Path);
        await disk.CreateDirectoryAsync(_directory.File("made"));

        Assert.That(async () => await disk.RenameAsync(path, path + "2"), Throws.InstanceOf<IOException>());
        Assert.That(async () => await disk.OpenAsync(_directory.File("new"), DiskOpenMode.ExistingOrNew), Throws.InstanceOf<IOException>());
        Assert.That(async () => await disk.OpenAsync(path, DiskOpenMode.New), Throws.InstanceOf<IOException>());
        Assert.That(Directory.EnumerateFileSystemEntries(_directory.Path), Is.EqualTo(new[] { path }));
    }

    [Test]
    public async Task A_lock_that_another_holds_is_seen_and_one_that_is_taken_changes_no_byte()
    {
        string path = _directory.File("lock");
        var disk = new ReadOnlyDisk();
        (await disk.LockAsync(path)).Dispose();
        Assert.That(File.Exists(path), Is.False, "without the file nobody holds it");

        using (await new RealDisk().LockAsync(path))
        {
            Assert.That(
                async () => await disk.LockAsync(path), Throws.TypeOf<StoreLockedException>().With.Message.Contains("another store of this process"));
        }

        await File.WriteAllTextAsync(path, "4711\n");
        using (await disk.LockAsync(path))
        {
            Assert.That(async () => await new RealDisk().LockAsync(path), Throws.TypeOf<StoreLockedException>());
        }

        Assert.That(await File.ReadAllTextAsync(path), Is.EqualTo("4711\n"));
    }

    private static void Grow(List<byte> model, int length)
    {
        if (model.Count < length)
        {
            model.AddRange(new byte[length - model.Count]);
        }
    }
}
