namespace Raft.Tests.Transport.Tls;

/// <summary>A port that others than this machine reach, and that asks nobody who he is, is told at the start.</summary>
[TestFixture]
public sealed class UnprotectedPortTests : TlsServers
{
    [TestCase("0.0.0.0:0")]
    [TestCase("[::]:0")]
    public async Task Listening_to_other_machines_without_TLS_is_told_loudly(string address)
    {
        await ListenAsync(new() { BindAddress = address, AdvertiseAddress = "127.0.0.1:7000", LoggerFactory = Log });

        Assert.That(Log.All.Single(static l => l.Id == UnprotectedEventId).Text, Does.Contain("WITHOUT TLS"));
    }

    [TestCase("127.0.0.1:0")]
    [TestCase("127.3.2.1:0")]
    public async Task Listening_to_this_machine_alone_is_not(string address)
    {
        await ListenAsync(new() { BindAddress = address, LoggerFactory = Log });

        Assert.That(Log.Count(UnprotectedEventId), Is.Zero);
    }

    [Test]
    public async Task Listening_behind_TLS_is_not()
    {
        await ListenAsync(new()
        {
            BindAddress = "0.0.0.0:0",
            AdvertiseAddress = "127.0.0.1:7000",
            LoggerFactory = Log,
            StreamLayer = await Ours.LayerAsync("n1"),
        });

        Assert.That(Log.Count(UnprotectedEventId), Is.Zero);
    }
}
