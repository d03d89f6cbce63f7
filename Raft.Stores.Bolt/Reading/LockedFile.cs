using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Raft.Stores.Wal.Disk;

namespace Raft.Stores.Bolt.Reading;

/// <summary>
/// Opens a file of the machine, locked as Bolt locks it: as long as a Go node has it open it cannot be opened here, and the
/// other way round.
/// </summary>
internal static class LockedFile
{
    /// <summary>Opens a file that exists, for writing too.</summary>
    /// <exception cref="StoreLockedException">Another process uses it.</exception>
    /// <exception cref="IOException">It cannot be opened, or not be locked.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static RealDiskFile Open(string path) => Open(path, FileAccess.ReadWrite);

    /// <summary>Opens a file that exists, and that may be one that can only be read.</summary>
    /// <exception cref="StoreLockedException">Another process uses it.</exception>
    /// <exception cref="IOException">It cannot be opened, or not be locked.</exception>
    public static RealDiskFile OpenForReading(string path)
    {
        try
        {
            // Over NFS only what is open for writing can be locked against others.
            return Open(path, FileAccess.ReadWrite);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return Open(path, FileAccess.Read);
        }
    }

    private static RealDiskFile Open(string path, FileAccess access)
    {
        SafeFileHandle file;
        try
        {
            // Where nobody else is let in, this is an exclusive flock, as Bolt takes one.
            file = File.OpenHandle(path, FileMode.Open, access, FileShare.None);
        }
        catch (IOException held) when (held.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : HeldError))
        {
            throw new StoreLockedException(LockedText(path), held);
        }

        // .NET's lock can be switched off by an environment variable and ignores that a file system has none.
        if (!OperatingSystem.IsWindows() && NativeMethods.Flock(file, NativeMethods.LockExclusiveNow) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            file.Dispose();
            throw error == HeldError
                ? new StoreLockedException(LockedText(path))
                : new IOException(
                    $"{path} cannot be locked, so that a Go node could come in: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
        }

        return new RealDiskFile(file, path);
    }

    /// <summary>EWOULDBLOCK.</summary>
    private static int HeldError => OperatingSystem.IsMacOS() ? 35 : 11;

    private static string LockedText(string path) =>
        $"{path} is in use by another process, which may be the Go node itself. Stop it first. Nothing was changed.";
}
