using Microsoft.Extensions.Logging;

namespace Raft.Transport.Tcp;

/// <summary>
/// Writes log lines as long as that works. Where the user's logger throws (its disk is full), the line is lost, and not
/// the connection, the listener or the timer that it was about.
/// </summary>
internal sealed class ForgivingLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nowhere to say so.
        }
    }
}
