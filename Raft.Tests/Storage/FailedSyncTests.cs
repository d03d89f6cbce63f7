using System.Diagnostics;
using Raft.Stores.Wal;
using Raft.Tests.Support;

namespace Raft.Tests.Storage;

/// <summary>
/// The system answers EIO to fdatasync and the store says so; the runtime's own flush would not. The fault is injected
/// by strace into a second run of this very test.
/// </summary>
[TestFixture]
public sealed class FailedSyncTests
{
    private const string Variable = "RAFT_TESTS_FDATASYNC_FAILS_IN";

    [Test]
    [Platform("Linux")]
    public async Task A_sync_that_the_system_fails_is_never_taken_for_a_success()
    {
        if (Environment.GetEnvironmentVariable(Variable) is string directory)
        {
            await RequireFailureAsync(directory);
            return;
        }

        if (!await SucceedsAsync("strace", "-f", "-o", "/dev/null", "true"))
        {
            Assert.Ignore("strace is missing or may not trace here, so no fault can be injected");
        }

        using var temporary = new TemporaryDirectory();
        await (await WalStore.OpenAsync(temporary.Path, options: WalScript.Options())).DisposeAsync();
        bool passed = await SucceedsAsync(
            "strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO",
            "-E", $"{Variable}={temporary.Path}", "dotnet", "vstest", typeof(FailedSyncTests).Assembly.Location,
            $"--TestCaseFilter:FullyQualifiedName~{nameof(FailedSyncTests)}");

        Assert.That(passed, Is.True);
        Assert.That(File.Exists(temporary.File("seen")), Is.True, "the second run came to its end");
    }

    private static async Task RequireFailureAsync(string directory)
    {
        var disk = new RealDisk();
        await using (IDiskFile file = await disk.OpenAsync(Path.Combine(directory, "file"), DiskOpenMode.ExistingOrNew))
        {
            Assert.That(async () => await file.SyncDataAsync(), Throws.InstanceOf<IOException>());
            Assert.That(async () => await file.WriteAndSyncAsync(0, new byte[8]), Throws.InstanceOf<IOException>());
        }

        Assert.That(
            async () => await WalStore.OpenAsync(directory, options: WalScript.Options()),
            Throws.TypeOf<StoreException>().With.Message.Contains(directory));
        await File.WriteAllTextAsync(Path.Combine(directory, "seen"), "failed as it should");
    }

    private static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await process.WaitForExitAsync(deadline.Token);
            await TestContext.Out.WriteAsync(await output + await errors);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
