using Microsoft.Win32.SafeHandles;
using Raft.Stores.Wal.Disk;

namespace Raft.Stores.Bolt.Reading;

/// <summary>
/// A file of the machine, opened for reading, and locked as Bolt locks it: as long as a Go node has it open it cannot be
/// opened here, and the other way round.
/// </summary>
internal sealed class LockedFileSource : IBoltSource
{
    private readonly SafeFileHandle _file;

    private LockedFileSource(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>Opens a file that exists.</summary>
    /// <exception cref="StoreLockedException">Another process uses it.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static LockedFileSource Open(string path)
    {
        SafeFileHandle file;
        try
        {
            // Where nobody else is let in, this is an exclusive flock, as Bolt takes one; Windows would then not let it be renamed.
            FileShare share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, share);
        }
        catch (IOException held) when (IsHeldByAnother(held))
        {
            throw new StoreLockedException(LockedText(path), held);
        }

        // .NET's lock can be switched off by an environment variable and ignores that a file system has none.
        if (!OperatingSystem.IsWindows() && NativeMethods.Flock(file, NativeMethods.LockExclusiveNow) != 0)
        {
            file.Dispose();
            throw new StoreLockedException(LockedText(path));
        }

        return new LockedFileSource(path, file);
    }

    /// <inheritdoc/>
    public ValueTask<long> GetLengthAsync() => ValueTask.FromResult(RandomAccess.GetLength(_file));

    /// <inheritdoc/>
    public ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer)
    {
        int read = 0;
        while (read < buffer.Length)
        {
            int more = RandomAccess.Read(_file, buffer.Span[read..], offset + read);
            if (more == 0)
            {
                break;
            }

            read += more;
        }

        return ValueTask.FromResult(read);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsHeldByAnother(IOException failure) =>
        failure.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);

    private static string LockedText(string path) =>
        $"{path} is in use by another process, which may be the Go node itself. Stop it first. Nothing was changed.";
}
