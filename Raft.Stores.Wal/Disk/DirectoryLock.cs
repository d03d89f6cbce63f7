using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Raft.Stores.Wal.Disk;

/// <summary>
/// The exclusive right to a directory: a locked file that names its owner. The system takes the lock back when the
/// process dies, so a file left behind locks nobody out.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private const int OwnerBytesMax = 32;

    private readonly SafeFileHandle? _file;

    private DirectoryLock(SafeFileHandle? file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, holds it.</exception>
    public static DirectoryLock Take(string path)
    {
        // On Windows others may read who holds it; elsewhere this share mode is an exclusive flock.
        SafeFileHandle file = Lock(
            path, FileMode.OpenOrCreate, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None);
        try
        {
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"), 0);
            return new DirectoryLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the lock and leaves its file as it is, also where it may only be read. Without the file nobody holds the lock, and
    /// nothing is taken.
    /// </summary>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, holds it.</exception>
    public static DirectoryLock TakeUnchanged(string path)
    {
        if (!File.Exists(path))
        {
            return new DirectoryLock(file: null);
        }

        try
        {
            // Over NFS only what is open for writing can be locked against others.
            return new DirectoryLock(Lock(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return new DirectoryLock(Lock(path, FileMode.Open, FileAccess.Read, FileShare.None));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private static SafeFileHandle Lock(string path, FileMode mode, FileAccess access, FileShare share)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, mode, access, share);
        }
        catch (IOException held) when (IsHeldByAnother(held))
        {
            throw Locked(path, held);
        }

        // .NET's lock can be switched off by an environment variable and ignores that a file system has none.
        if (!OperatingSystem.IsWindows() && NativeMethods.Flock(file, NativeMethods.LockExclusiveNow) != 0)
        {
            file.Dispose();
            throw Locked(path, cause: null);
        }

        return file;
    }

    private static bool IsHeldByAnother(IOException failure) =>
        failure.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);

    private static StoreLockedException Locked(string path, Exception? cause)
    {
        string owner = Owner(path) is int process
            ? process == Environment.ProcessId ? "another store of this process" : $"process {process}"
            : "another process";
        string message = $"The data directory {Path.GetDirectoryName(Path.GetFullPath(path))} is in use by {owner} "
            + $"(lock file {path}). Stop it, or use another directory.";
        return cause is null ? new StoreLockedException(message) : new StoreLockedException(message, cause);
    }

    private static int? Owner(string path)
    {
        try
        {
            using SafeFileHandle file = OperatingSystem.IsWindows()
                ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
                : CheckedSync.OpenReadOnly(path);
            Span<byte> text = stackalloc byte[OwnerBytesMax];
            text = text[..RandomAccess.Read(file, text, 0)];
            return int.TryParse(Encoding.ASCII.GetString(text), NumberStyles.AllowTrailingWhite, null, out int process)
                ? process : null;
        }
        catch (IOException)
        {
            // The owner's name only makes the message better.
            return null;
        }
    }
}
