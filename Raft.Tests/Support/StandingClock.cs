namespace Raft.Tests.Support;

/// <summary>A clock that always shows the same millisecond.</summary>
internal sealed class StandingClock(long unixMilliseconds) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds);
}
