using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Node;
using Raft.Tests.Support;

namespace Raft.Tests.Sample;

/// <summary>The change of leader that a node holds for itself when it has started.</summary>
public sealed class RehearsalTests
{
    [Test]
    public async Task It_takes_place_to_its_end_beside_a_data_directory_that_it_does_not_touch()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("another's"), "kept");

        bool tookPlace = await Rehearsal.HoldAsync(Options(directory.Path), CancellationToken.None);

        Assert.That(tookPlace, Is.True);
        Assert.That(Directory.EnumerateFileSystemEntries(directory.Path).Select(Path.GetFileName), Is.EqualTo(["another's"]));
    }

    [Test]
    public async Task It_ends_early_when_the_node_does_and_does_not_fail()
    {
        using var directory = new TemporaryDirectory();
        using var ending = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        bool tookPlace = await Rehearsal.HoldAsync(Options(directory.Path), ending.Token).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.That(tookPlace, Is.False);
    }

    private static NodeOptions Options(string data)
    {
        var command = new CommandSpec("node", "", NodeCommand.Options, _ => Task.FromResult(0));
        return NodeCommand.Read(
            ParsedOptions.Parse(command, ["--id=n1", "--raft=127.0.0.1:7001", "--http=127.0.0.1:8001", $"--data={data}"])!);
    }
}
