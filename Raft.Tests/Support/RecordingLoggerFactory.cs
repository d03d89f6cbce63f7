using Microsoft.Extensions.Logging;

namespace Raft.Tests.Support;

/// <summary>Keeps what nodes logged, with the virtual time, for the dump of a test that failed.</summary>
internal sealed class RecordingLoggerFactory(VirtualClock clock) : ILoggerFactory, ILogger
{
    private readonly List<string> _lines = [];

    public string Last(int count) => string.Join('\n', _lines.TakeLast(count));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // There is one provider: the list.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add($"{clock.Now} {logLevel} {eventId.Id}: {formatter(state, exception)}");

    public void Dispose()
    {
        // Nothing to let go of.
    }
}
