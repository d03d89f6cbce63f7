using Microsoft.Extensions.Logging;
using Raft.Fsm.Sample.Node;

namespace Raft.Tests.Sample;

public sealed class LineLogTests
{
    [Test]
    public void An_event_is_one_line_whatever_it_says_and_can_be_read_back()
    {
        using var writer = new StringWriter();
        using var log = new LineLog(writer, LogLevel.Information);

        log.CreateLogger("Raft").Log(
            LogLevel.Warning, new EventId(202), "leads\r\nterm 5", new IOException("disk\nfull"), (text, _) => text);

        string line = writer.ToString();
        Assert.That(line.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(
            LineLog.Line.Parse(line.TrimEnd()),
            Is.EqualTo(new LineLog.Line(LogLevel.Warning, "Raft", 202, "leads term 5: disk full")));
    }

    [TestCase(LogLevel.Debug, "Raft", false)]
    [TestCase(LogLevel.Information, "Raft", true)]
    [TestCase(LogLevel.Information, "Microsoft.AspNetCore.Server.Kestrel", false)]
    [TestCase(LogLevel.Warning, "Microsoft.AspNetCore.Server.Kestrel", true)]
    [TestCase(LogLevel.Error, "Microsoft.Extensions.Hosting.Internal.Host", false)]
    public void Only_what_was_asked_for_is_written(LogLevel level, string category, bool isWritten)
    {
        using var log = new LineLog(TextWriter.Null, LogLevel.Information);

        Assert.That(log.CreateLogger(category).IsEnabled(level), Is.EqualTo(isWritten));
    }

    [TestCase("raftkv: cannot listen on --http 127.0.0.1:8001")]
    [TestCase("Unhandled exception. System.Exception: it")]
    [TestCase("")]
    public void What_is_no_line_of_the_log_is_told_apart(string text) => Assert.That(LineLog.Line.Parse(text), Is.Null);
}
