using Microsoft.Extensions.Logging;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Cluster;

/// <summary>Puts the nodes' log lines into the trace that a human reads.</summary>
internal sealed class SimLoggerFactory(SimKernel kernel) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // There is one place for lines.
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        kernel.Log?.Invoke(kernel.Now, $"{logLevel}: {formatter(state, exception)}");
}
