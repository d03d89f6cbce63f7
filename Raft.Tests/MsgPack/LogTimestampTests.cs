using Raft.MsgPack;
using Raft.Tests.Support;

namespace Raft.Tests.MsgPack;

/// <summary>The time of an entry in Go's default form.</summary>
public sealed class LogTimestampTests
{
    [Test]
    [Reference("J9")]
    public void A_time_is_written_as_Go_writes_it_and_read_back()
    {
        var time = LogTimestamp.FromDateTimeOffset(new DateTimeOffset(2006, 1, 2, 15, 4, 5, TimeSpan.Zero));
        byte[] bytes = new byte[LogEncoding.TimestampBytesMax];

        int length = LogTimestampEncoding.Write(bytes, time);
        var reader = new MsgPackReader(bytes.AsSpan(0, length));

        Assert.That(Convert.ToHexStringLower(bytes.AsSpan(0, length)), Is.EqualTo("af010000000ebb4b37e500000000ffff"));
        Assert.That(LogTimestampEncoding.Read(ref reader, out bool isGoForm), Is.EqualTo(time));
        Assert.That(isGoForm, Is.True);
    }
}
