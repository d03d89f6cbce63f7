using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Raft.Stores.Wal.Disk;

/// <summary>Makes files and directories durable, and throws where the system says that it could not.</summary>
/// <remarks>
/// A failed sync is never repeated: after one the kernel may count the lost pages as clean, and the second call
/// would succeed without them.
/// </remarks>
internal static class CheckedSync
{
    /// <summary>Makes a file's data and length durable. The caller knows its name, which may have changed since it was opened.</summary>
    public static void Data(SafeFileHandle file)
    {
        bool done = OperatingSystem.IsWindows() ? NativeMethods.FlushFileBuffers(file)
            : OperatingSystem.IsMacOS() ? NativeMethods.Fcntl(file, NativeMethods.MacFullFsync) == 0
            : NativeMethods.FdataSync(file) == 0;
        if (!done)
        {
            throw Failure("sync the file");
        }
    }

    /// <summary>Makes the names in a directory durable.</summary>
    public static void Directory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            // NTFS journals names itself, and offers no way to sync a directory.
            return;
        }

        using SafeFileHandle directory = OpenReadOnly(path);
        if (NativeMethods.Fsync(directory) != 0)
        {
            throw Failure($"sync the directory {path}");
        }
    }

    /// <summary>Opens a file or a directory for reading, without the lock that .NET takes on files.</summary>
    public static SafeFileHandle OpenReadOnly(string path)
    {
        int closeOnExec = OperatingSystem.IsMacOS() ? NativeMethods.MacCloseOnExec : NativeMethods.LinuxCloseOnExec;
        int descriptor = NativeMethods.Open(path, NativeMethods.ReadOnly | closeOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure($"open {path}");
    }

    private static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"Could not {what}: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).", error);
    }
}
