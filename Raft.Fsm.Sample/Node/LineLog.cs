using System.Globalization;

namespace Raft.Fsm.Sample.Node;

/// <summary>Writes log lines to standard error: one line per event, whatever it says.</summary>
internal sealed class LineLog(TextWriter writer, LogLevel least) : ILoggerFactory
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new CategoryLog(this, categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Lines go to one place only.");

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class CategoryLog(LineLog owner, string category) : ILogger
    {
        // What the web server says of itself below a warning concerns nobody who runs a node; that it could not start
        // is told by us, in the one line that says how to mend it.
        private readonly LogLevel _least = category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal)
            ? LogLevel.None
            : category.StartsWith("Microsoft.", StringComparison.Ordinal)
                ? (LogLevel)Math.Max((int)LogLevel.Warning, (int)owner.Least)
                : owner.Least;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write(Line.Of(TimeProvider.System.GetUtcNow(), logLevel, category, eventId.Id, formatter(state, exception), exception));
            }
        }
    }

    private LogLevel Least => least;

    // Console.Error is synchronized already: one call is one line.
    private void Write(string line) => writer.WriteLine(line);

    /// <summary>The form of a line; <see cref="Parse"/> reads it back.</summary>
    internal sealed record Line(LogLevel Level, string Category, int EventId, string Message)
    {
        public static string Of(
            DateTimeOffset at, LogLevel level, string category, int eventId, string message, Exception? exception)
        {
            string text = exception is null || message.Contains(exception.Message) ? message : $"{message}: {exception.Message}";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{at:yyyy-MM-ddTHH:mm:ss.fffZ} {level.ToString().ToLowerInvariant()} {category}[{eventId}] {text.ReplaceLineEndings(" ")}");
        }

        /// <summary>Reads a line; null where it is of another form.</summary>
        public static Line? Parse(string text)
        {
            string[] parts = text.Split(' ', 4);
            if (parts.Length < 4 || !Enum.TryParse(parts[1], ignoreCase: true, out LogLevel level) || !parts[2].EndsWith(']'))
            {
                return null;
            }

            int bracket = parts[2].LastIndexOf('[');
            return bracket > 0 && int.TryParse(parts[2].AsSpan(bracket + 1, parts[2].Length - bracket - 2), out int id)
                ? new Line(level, parts[2][..bracket], id, parts[3])
                : null;
        }
    }
}
