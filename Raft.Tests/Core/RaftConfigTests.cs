using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>The settings: what they are by default, and what is refused.</summary>
public sealed class RaftConfigTests
{
    private static readonly RaftConfig Good = new() { LocalId = "n1" };

    private static readonly (string Name, RaftConfig Config)[] Wrong =
    [
        ("LocalId", new RaftConfig()),
        ("ProtocolVersion", Good with { ProtocolVersion = 1 }),
        ("ProtocolVersion", Good with { ProtocolVersion = 4 }),
        ("LogTimeFormat", Good with { LogTimeFormat = (LogTimeFormat)2 }),
        ("HeartbeatTimeout", Good with { HeartbeatTimeout = TimeSpan.FromMilliseconds(4) }),
        ("ElectionTimeout", Good with { ElectionTimeout = TimeSpan.FromMilliseconds(4) }),
        ("CommitTimeout", Good with { CommitTimeout = TimeSpan.FromTicks(9999) }),
        ("MaxAppendEntries", Good with { MaxAppendEntries = 0 }),
        ("MaxAppendEntries", Good with { MaxAppendEntries = 1025 }),
        ("LeaderLeaseTimeout", Good with { LeaderLeaseTimeout = TimeSpan.FromMilliseconds(4) }),
        ("LeaderLeaseTimeout", Good with { LeaderLeaseTimeout = TimeSpan.FromMilliseconds(1001) }),
        ("ElectionTimeout", Good with { ElectionTimeout = TimeSpan.FromMilliseconds(999) }),
        ("SnapshotInterval", Good with { SnapshotInterval = TimeSpan.FromMilliseconds(4) }),
        ("SnapshotThreshold", Good with { SnapshotThreshold = 0 }),
        ("DiskStallTimeout", Good with { DiskStallTimeout = TimeSpan.Zero }),
        ("EntryBytesMax", Good with { Limits = new RaftLimits { EntryBytesMax = (1 << 30) + 1 } }),
        ("SnapshotSendBytesPerSecond", Good with { Limits = new RaftLimits { SnapshotSendBytesPerSecond = (1 << 20) - 1 } }),
        ("InFlightCountMax", Good with { Limits = new RaftLimits { InFlightCountMax = 0 } }),
    ];

    [Test]
    [Reference("d01")]
    public void The_defaults_are_those_of_hashicorp_raft()
    {
        Assert.That(Good.Validate, Throws.Nothing);
        Assert.That(
            (Good.ProtocolVersion, Good.HeartbeatTimeout, Good.ElectionTimeout, Good.CommitTimeout, Good.LeaderLeaseTimeout),
            Is.EqualTo((
                3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500))));
        Assert.That(
            (Good.MaxAppendEntries, Good.SnapshotThreshold, Good.SnapshotInterval, Good.TrailingLogs, Good.PreVoteDisabled),
            Is.EqualTo((64, 8192ul, TimeSpan.FromSeconds(120), 10_240ul, false)));
    }

    [Test]
    [Reference("d01")]
    public void A_setting_that_is_missing_or_out_of_its_range_is_refused_by_its_name()
    {
        foreach ((string name, RaftConfig config) in Wrong)
        {
            Assert.That(config.Validate, Throws.ArgumentException.With.Message.Contains(name), $"{config}");
        }
    }
}
