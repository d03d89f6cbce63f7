using System.Globalization;
using System.Reflection;
using System.Text;
using Raft.Tests.Support;

namespace Raft.Tests.Import;

/// <summary>The directory of a node of hashicorp/raft that was stopped, as that node left it, and what it said of itself.</summary>
/// <param name="Version">Of hashicorp/raft: 1.1.2 with boltdb 1.3.1, 1.7.3 with bbolt 1.3.5.</param>
public sealed record GoldenNode(string Version)
{
    private readonly Lazy<string[][]> _expected = new(() =>
        [.. Encoding.UTF8.GetString(Read($"{Version}/expected.txt")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))]);

    public static IReadOnlyList<GoldenNode> All { get; } = [new("1.1.2"), new("1.7.3")];

    /// <summary>The file of log, term and vote.</summary>
    public byte[] Database => Read($"{Version}/raft.db");

    /// <summary>Its term.</summary>
    public ulong Term => ulong.Parse(Expected("term").Single()[1], CultureInfo.InvariantCulture);

    /// <summary>The fingerprint of its state.</summary>
    public string DumpSha256 => Expected("dump").Single()[2];

    /// <summary>Its configuration, each server in a line.</summary>
    public IEnumerable<string> Servers => Expected("server").Select(s => $"{s[1]} {s[2]} {s[3]}");

    /// <summary>Its address: it voted for itself.</summary>
    public string Address => Expected("server").First()[2];

    /// <summary>Its entries: index, term, type, SHA-256 of the data, length of the extensions.</summary>
    public IEnumerable<string> Entries => Expected("entry").Select(e => string.Join(' ', e[1..]));

    /// <summary>Its snapshots' directories.</summary>
    public IReadOnlyList<string> Snapshots =>
        [.. Names().Where(n => n.EndsWith("/meta.json", StringComparison.Ordinal)).Select(n => n.Split('/')[^2])];

    /// <summary>Puts all of its files on a disk in memory, durably.</summary>
    internal async Task PutAsync(FaultDisk disk, string directory)
    {
        foreach (string name in Names().Where(n => !n.EndsWith("expected.txt", StringComparison.Ordinal)))
        {
            await SnapshotDirectory.PutAsync(disk, $"{directory}/{name[(Version.Length + 1)..]}", Read(name));
        }
    }

    /// <summary>Puts all of its files into a directory of the machine.</summary>
    public void Put(string directory)
    {
        foreach (string name in Names().Where(n => !n.EndsWith("expected.txt", StringComparison.Ordinal)))
        {
            string path = Path.Combine([directory, .. name.Split('/')[1..]]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Read(name));
        }
    }

    public override string ToString() => $"node of {Version}";

    private const string Root = "Golden/bolt/";

    private IEnumerable<string[]> Expected(string what) => _expected.Value.Where(line => line[0] == what);

    private IEnumerable<string> Names() => typeof(GoldenNode).Assembly.GetManifestResourceNames()
        .Select(n => n.Replace('\\', '/'))
        .Where(n => n.StartsWith(Root + Version + "/", StringComparison.Ordinal)).Select(n => n[Root.Length..]);

    private static byte[] Read(string name)
    {
        // On Windows the build writes its own separator.
        Assembly assembly = typeof(GoldenNode).Assembly;
        string resource = assembly.GetManifestResourceNames().Single(n => n.Replace('\\', '/') == Root + name);
        using Stream stream = assembly.GetManifestResourceStream(resource)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
