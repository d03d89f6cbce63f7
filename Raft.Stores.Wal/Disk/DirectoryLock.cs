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

    private readonly SafeFileHandle _file;

    private DirectoryLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="StoreLockedException">Another process, or another store of this one, holds it.</exception>
    public static DirectoryLock Take(string path)
    {
        SafeFileHandle file;
        try
        {
            // On Windows others may read who holds it; elsewhere this share mode is an exclusive flock.
            FileShare share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share);
        }
        catch (IOException held) when (IsHeldByAnother(held))
        {
            throw Locked(path, held);
        }

        try
        {
            // .NET's lock can be switched off by an environment variable and ignores that a file system has none.
            if (!OperatingSystem.IsWindows() && NativeMethods.Flock(file, NativeMethods.LockExclusiveNow) != 0)
            {
                throw Locked(path, cause: null);
            }

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

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

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
