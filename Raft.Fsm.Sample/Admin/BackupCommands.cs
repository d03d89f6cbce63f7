using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Http;

namespace Raft.Fsm.Sample.Admin;

/// <summary><c>raftkv backup</c> and <c>raftkv restore</c>: the state of a cluster to a file and back.</summary>
internal static class BackupCommands
{
    private const string IndexHeader = "Raft-Index";

    /// <summary>The commands.</summary>
    /// <param name="output">Where they say what was done.</param>
    public static IReadOnlyList<CommandSpec> Of(TextWriter output) =>
    [
        new("backup", "writes a node's state to a file",
            [
                AdminCommands.Target with { Help = "the node's HTTP address, as in http://127.0.0.1:8001" },
                new("file", "FILE", "where it goes, and FILE.sha256; one that is there is replaced once all has come and was checked") { IsRequired = true },
                new("stale", "", "also from a node that is not ready: its state may be old, or empty"),
            ],
            given => BackupAsync(given, output)),
        new("restore", "replaces the state of the whole cluster by that of a file",
            [AdminCommands.Target, new("file", "FILE", "what backup wrote; it is looked through before anything is sent") { IsRequired = true }],
            given => RestoreAsync(given, output)),
    ];

    private static async Task<int> BackupAsync(ParsedOptions given, TextWriter output)
    {
        Uri target = AdminClient.ReadTarget(given, "target");
        var backup = new BackupFile(given.Required("file"));
        await using FileStream file = Open(given, backup.PartialPath, FileMode.Create);
        string? index;
        try
        {
            using var client = new AdminClient(target);
            if (!given.Has("stale"))
            {
                await RequireReadyAsync(client, target);
            }

            (string? sent, index) = await client.DownloadAsync("/raft/backup", file, ReprDigest.Header, IndexHeader);
            file.Position = 0;
            byte[] sha256 = await BackupFile.CheckAsync(file);
            RequireAsSent(sent, sha256);
            backup.Keep(file, sha256);
            await backup.SyncAsync();
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new AdminException($"the backup is not there: {failure.Message}", failure);
        }
        finally
        {
            backup.DropPartial();
        }

        await output.WriteLineAsync($"{given.Text("file")}: the state at index {index ?? "unknown"}, {file.Length} bytes, its SHA-256 is in {backup.SumPath}");
        return ExitCodes.Success;
    }

    private static async Task<int> RestoreAsync(ParsedOptions given, TextWriter output)
    {
        Uri target = AdminClient.ReadTarget(given, "target");
        string path = given.Required("file");
        await using FileStream file = Open(given, path, FileMode.Open);
        byte[] sha256;
        bool isNoted;
        try
        {
            sha256 = await BackupFile.CheckAsync(file);
            isNoted = await new BackupFile(path).RequireAsNotedAsync(sha256);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new AdminException($"{path} is refused, and nothing was sent: {failure.Message}", failure);
        }

        using var client = new AdminClient(target);
        var body = new StreamContent(file);
        body.Headers.TryAddWithoutValidation(ReprDigest.Header, ReprDigest.Format(sha256));
        AdminReply reply = await client.SendAsync(HttpMethod.Post, "/raft/restore", body, Timeout.InfiniteTimeSpan);
        string unnoted = isNoted ? "" : $"; no {path}.sha256 was beside it, so that only its form was checked";
        await output.WriteLineAsync($"the cluster holds {path} since index {reply.Number("index")}{unnoted}");
        return ExitCodes.Success;
    }

    /// <summary>Refuses a node that may be behind: a good backup must not give way to an old one, or to one of nothing.</summary>
    private static async Task RequireReadyAsync(AdminClient client, Uri target)
    {
        try
        {
            await client.SendAsync(HttpMethod.Get, "/readyz");
        }
        catch (AdminException unready)
        {
            throw new AdminException(
                $"{target} is not ready, so that its state may be old, or empty: {unready.Message}. Give another node, or --stale to take it all the same", unready);
        }
    }

    private static void RequireAsSent(string? header, byte[] sha256)
    {
        if (!ReprDigest.TryParse(header, out byte[]? sent) || (sent is not null && !sent.AsSpan().SequenceEqual(sha256)))
        {
            throw new InvalidDataException($"what came is not what was sent: its digest is {ReprDigest.Format(sha256)}, and the node said {header}");
        }
    }

    private static FileStream Open(ParsedOptions given, string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, mode == FileMode.Open ? FileAccess.Read : FileAccess.ReadWrite);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw given.Wrong($"--file {given.Text("file")} cannot be used: {failure.Message}");
        }
    }
}
