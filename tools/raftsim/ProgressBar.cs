using System.Diagnostics;
using Raft.Simulation;

namespace Raftsim;

/// <summary>Shows on the error stream how far it is: a bar on a terminal, a line now and then elsewhere.</summary>
internal sealed class ProgressBar(ulong total) : IDisposable
{
    private const int Width = 30;

    private static readonly bool IsTerminal = !Console.IsErrorRedirected;
    private static readonly TimeSpan Every = IsTerminal ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _shownAt;
    private ulong _done;
    private int _failed;

    /// <summary>A seed was run. From any thread.</summary>
    public void Add(SeedResult result)
    {
        lock (_gate)
        {
            _done++;
            _failed += result.Failure is null ? 0 : 1;
            if (_clock.Elapsed - _shownAt >= Every || (_done == total && IsTerminal))
            {
                _shownAt = _clock.Elapsed;
                Show();
            }
        }
    }

    public void Dispose()
    {
        if (IsTerminal)
        {
            Console.Error.WriteLine();
        }
    }

    private void Show()
    {
        int filled = (int)(_done * Width / total);
        string text = $"[{new string('#', filled)}{new string('.', Width - filled)}] {_done}/{total} seeds, "
            + $"{_done / _clock.Elapsed.TotalMinutes:0} a minute, {_failed} failed";
        Console.Error.Write(IsTerminal ? $"\r{text} " : $"{text}\n");
    }
}
