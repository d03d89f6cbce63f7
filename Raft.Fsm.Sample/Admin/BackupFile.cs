using System.Security.Cryptography;
using System.Text;
using Raft.Fsm.Sample.Kv;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Admin;

/// <summary>
/// The file of a backup, and beside it one with its SHA-256, of the form that <c>sha256sum --check</c> reads: a changed byte within a
/// value leaves a file that is well formed.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class BackupFile(string path)
{
    private const string SumEnd = ".sha256";
    private const string PartialEnd = ".partial";

    /// <summary>The file with the digest.</summary>
    public string SumPath => path + SumEnd;

    /// <summary>What it is called until all of it has come.</summary>
    public string PartialPath => path + PartialEnd;

    /// <summary>Looks through a file to its end.</summary>
    /// <param name="file">The file, from its beginning.</param>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="InvalidDataException">It is no whole state of raftkv.</exception>
    public static async Task<byte[]> CheckAsync(FileStream file)
    {
        await KvSnapshotReader.ReadAsync(file, into: null, CancellationToken.None);
        file.Position = 0;
        byte[] sha256 = await SHA256.HashDataAsync(file);
        file.Position = 0;
        return sha256;
    }

    /// <summary>Gives what has come its name, and puts its digest beside it.</summary>
    /// <param name="file">What has come, open under <see cref="PartialPath"/>.</param>
    /// <param name="sha256">Its digest.</param>
    public void Keep(FileStream file, byte[] sha256)
    {
        file.Flush(flushToDisk: true);
        string sum = PartialPath + SumEnd;
        using (var stream = new FileStream(sum, FileMode.Create))
        {
            stream.Write(Encoding.UTF8.GetBytes($"{Convert.ToHexStringLower(sha256)}  {Path.GetFileName(path)}\n"));
            stream.Flush(flushToDisk: true);
        }

        // Never a file beside the digest of another: cut short, there is one without, or the one before.
        File.Delete(SumPath);
        File.Move(PartialPath, path, overwrite: true);
        File.Move(sum, SumPath, overwrite: true);
    }

    /// <summary>Makes the names of <see cref="Keep"/> durable.</summary>
    public async Task SyncAsync() => await new RealDisk().SyncDirectoryAsync(Path.GetDirectoryName(Path.GetFullPath(path))!);

    /// <summary>Removes what did not come to its end.</summary>
    public void DropPartial()
    {
        File.Delete(PartialPath);
        File.Delete(PartialPath + SumEnd);
    }

    /// <summary>Compares a file with the digest beside it.</summary>
    /// <param name="sha256">The file's digest.</param>
    /// <returns>Whether there is one to compare with.</returns>
    /// <exception cref="InvalidDataException">It is the digest of other bytes, or none.</exception>
    public async Task<bool> RequireAsNotedAsync(byte[] sha256)
    {
        if (!File.Exists(SumPath))
        {
            return false;
        }

        string noted = (await File.ReadAllTextAsync(SumPath)).Split([' ', '\n'], 2)[0];
        string found = Convert.ToHexStringLower(sha256);
        return noted.Equals(found, StringComparison.OrdinalIgnoreCase) ? true : throw new InvalidDataException(
            $"its SHA-256 is {found}, and {SumPath} says '{noted}': one of the two was changed or is of another backup");
    }
}
