using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Raftchaos.Cluster;

/// <summary>Signals to a process, by the system's own call: a program started for each would come late.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Term = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends one.</summary>
    /// <exception cref="Win32Exception">There is no such process, or it is another user's.</exception>
    public static void Send(int process, int signal)
    {
        if (KillProcess(process, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int KillProcess(int process, int signal);
}
