using System.Reflection;

namespace Raft.Tests.Golden;

/// <summary>A snapshot's directory as a real hashicorp/raft wrote it.</summary>
/// <param name="Version">Of hashicorp/raft.</param>
/// <param name="Id">The directory's name.</param>
public sealed record GoldenSnapshot(string Version, string Id)
{
    public static IReadOnlyList<GoldenSnapshot> All { get; } =
        [new("1.1.2", "6-12-1795159633446"), new("1.7.3", "6-12-1795159633673")];

    public byte[] Meta => Read("meta.json");

    public byte[] State => Read("state.bin");

    public override string ToString() => $"snapshot of {Version}";

    private byte[] Read(string name)
    {
        // On Windows the build writes its own separator.
        Assembly assembly = typeof(GoldenSnapshot).Assembly;
        string resource = assembly.GetManifestResourceNames().Single(n => n.Replace('\\', '/') == $"Golden/snapshots/{Id}/{name}");
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
