using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Kv;

namespace Raft.Fsm.Sample.Admin;

/// <summary><c>raftkv backup</c> and <c>raftkv restore</c>: the state of a cluster to a file and back.</summary>
internal static class BackupCommands
{
    /// <summary>The commands.</summary>
    /// <param name="output">Where they say what was done.</param>
    public static IReadOnlyList<CommandSpec> Of(TextWriter output) =>
    [
        new("backup", "writes a node's state to a file",
            [
                AdminCommands.Target with { Help = "the node's HTTP address, as in http://127.0.0.1:8001" },
                new("file", "FILE", "where it goes; one that is there is replaced once all has come") { IsRequired = true },
            ],
            given => BackupAsync(given, output)),
        new("restore", "replaces the state of the whole cluster by that of a file",
            [AdminCommands.Target, new("file", "FILE", "what backup wrote") { IsRequired = true }],
            given => RestoreAsync(given, output)),
    ];

    private static async Task<int> BackupAsync(ParsedOptions given, TextWriter output)
    {
        Uri target = AdminClient.ReadTarget(given, "target");
        string path = given.Required("file");
        string partial = path + ".partial";
        await using FileStream file = Open(given, partial, FileMode.Create);
        try
        {
            using var client = new AdminClient(target);
            await client.DownloadAsync("/raft/backup", file);
            file.Position = 0;
            await KvSnapshotReader.ReadAsync(file, into: null, CancellationToken.None);
            file.Flush(flushToDisk: true);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new AdminException($"the backup is not there: {failure.Message}", failure);
        }
        finally
        {
            File.Delete(partial);
        }

        await output.WriteLineAsync($"{path}: {file.Length} bytes");
        return ExitCodes.Success;
    }

    private static async Task<int> RestoreAsync(ParsedOptions given, TextWriter output)
    {
        Uri target = AdminClient.ReadTarget(given, "target");
        await using FileStream file = Open(given, given.Required("file"), FileMode.Open);
        using var client = new AdminClient(target);
        AdminReply reply = await client.SendAsync(
            HttpMethod.Post, "/raft/restore", new StreamContent(file), Timeout.InfiniteTimeSpan);
        await output.WriteLineAsync($"the cluster holds {given.Text("file")} since index {reply.Number("index")}");
        return ExitCodes.Success;
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
