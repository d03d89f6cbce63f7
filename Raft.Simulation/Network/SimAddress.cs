using System.Globalization;

namespace Raft.Simulation.Network;

/// <summary>The addresses of a run: one for each machine.</summary>
internal static class SimAddress
{
    private const string Prefix = "sim:";

    /// <summary>A machine's address.</summary>
    public static ServerAddress Of(int machine) => new(Prefix + machine.ToString(CultureInfo.InvariantCulture));

    /// <summary>The machine under an address.</summary>
    public static int MachineOf(ServerAddress address) =>
        int.Parse(address.ToString().AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);
}
