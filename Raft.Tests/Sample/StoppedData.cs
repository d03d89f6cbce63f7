using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;
using Raft.Storage;
using Raft.Stores.LiteDb;
using Raft.Stores.Wal;

namespace Raft.Tests.Sample;

/// <summary>The data directory of a node of the sample that does not run, made by its stores and not by a node.</summary>
/// <param name="path">The directory; made where it is missing.</param>
/// <param name="store">The name of the store.</param>
internal sealed class StoppedData(string path, string store = StoreNames.Wal)
{
    /// <summary>Who found the cluster.</summary>
    public static ClusterConfiguration Founders { get; } = new(
        new Server("n1", "127.0.0.1:7001"), new Server("n2", "127.0.0.1:7002"), new Server("n3", "127.0.0.1:7003"));

    /// <summary>The directory.</summary>
    public string Path => path;

    /// <summary>The newest segment of its log.</summary>
    public string NewestSegment => Directory.GetFiles(path, "log-*.wal").Order(StringComparer.Ordinal).Last();

    /// <summary>Makes it: the founding, and a command in each following entry.</summary>
    /// <param name="terms">The terms of the entries, from the first on.</param>
    /// <param name="commitIndex">Up to where the last write knows them to be committed.</param>
    /// <param name="term">The node's term; null for that of the last entry.</param>
    /// <param name="founders">The members by the first entry; null for <see cref="Founders"/>.</param>
    public async Task<StoppedData> FillAsync(
        IReadOnlyList<ulong> terms, ulong commitIndex = 0, ulong? term = null, ClusterConfiguration? founders = null)
    {
        await UseAsync(async (log, stable) =>
        {
            await stable.SaveAsync(new TermAndVote(term ?? terms[^1], "n1", "127.0.0.1:7001"));
            for (int i = 0; i < terms.Count; i++)
            {
                LogBatch entry = i == 0
                    ? LogBatchBuilder.Single(
                        1, terms[0], LogType.Configuration, ConfigurationEncoding.Encode(founders ?? Founders), LogTimestamp.Zero)
                    : Command((ulong)i + 1, terms[i], Invariant($"key{i + 1}"), Invariant($"value of term {terms[i]}"));
                await log.AppendAsync(new LogAppend([new LogSlice(entry)], terms[^1], i == terms.Count - 1 ? commitIndex : 0));
            }
        });
        return this;
    }

    /// <summary>A command that sets a key.</summary>
    public static LogBatch Command(ulong index, ulong term, string key, string value) => LogBatchBuilder.Single(
        index, term, LogType.Command,
        KvCommandEncoding.Encode(new KvCommand(KvOperation.Set, key) { Value = Encoding.UTF8.GetBytes(value) }).ToArray(),
        LogTimestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(index)));

    /// <summary>Opens the store, as a node does, and does something with it.</summary>
    public async Task UseAsync(Func<ILogStore, IStableStore, Task> use)
    {
        if (store == StoreNames.LiteDb)
        {
            await using LiteDbStore lite = await LiteDbStore.OpenAsync(path);
            await use(lite.Log, lite.Stable);
            return;
        }

        await using WalStore wal = await WalStore.OpenAsync(path, options: new WalOptions { SegmentBytes = WalOptions.SegmentBytesMin });
        await use(wal.Log, wal.Stable);
    }

    /// <summary>Puts a snapshot there, of a state with one key.</summary>
    public async Task<SnapshotMeta> SnapshotAsync(ulong index, ulong term, ClusterConfiguration? members = null, string value = "v")
    {
        FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(path);
        var fsm = new KvFsm();
        fsm.Apply(Command(index, term, "k", value)[0]);
        using IFsmSnapshot state = fsm.Snapshot();
        var bytes = new MemoryStream();
        await state.PersistAsync(bytes, CancellationToken.None);
        return await Raft.Testing.Contracts.TestSnapshots.WriteAsync(
            snapshots, new SnapshotPoint(index, term, members ?? Founders, ConfigurationIndex: 1), bytes.ToArray());
    }

    /// <summary>Flips a bit of a file.</summary>
    public static void Flip(string file, long offset)
    {
        using FileStream stream = File.Open(file, FileMode.Open);
        stream.Position = offset;
        int there = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(there ^ 1));
    }

    /// <summary>Where a text stands in a file.</summary>
    public static long Find(string file, string text) => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));

    /// <summary>A fingerprint of all that stands in a directory: names, content, and when it was written last.</summary>
    public static string HashOf(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string entry in Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Invariant($"{entry} {File.GetLastWriteTimeUtc(entry).Ticks}\n")));
            if (File.Exists(entry))
            {
                hash.AppendData(File.ReadAllBytes(entry));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Runs a command as the command line does.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        Func<TextWriter, TextWriter, CommandSpec> command, params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        CommandSpec spec = command(output, errors);
        int skipped = spec.Commands.Count > 0 ? 1 : 0;
        spec = skipped > 0 ? spec.Commands.Single(c => c.Name == $"{spec.Name} {words[0]}") : spec;
        try
        {
            return (await spec.Run(ParsedOptions.Parse(spec, words.AsSpan(skipped))!), output.ToString(), errors.ToString());
        }
        catch (UsageException wrong)
        {
            return (ExitCodes.Usage, output.ToString(), wrong.Message);
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
