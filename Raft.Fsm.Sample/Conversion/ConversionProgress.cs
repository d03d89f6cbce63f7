using System.Diagnostics;
using System.Globalization;

namespace Raft.Fsm.Sample.Conversion;

/// <summary>Says now and then how far a conversion is; nothing where it is over soon.</summary>
internal sealed class ConversionProgress(TextWriter writer)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Tells how far it is.</summary>
    /// <param name="done">What was done.</param>
    /// <param name="index">Up to which entry.</param>
    /// <param name="last">The last entry.</param>
    public void Report(string done, ulong index, ulong last)
    {
        if (_sinceLast.Elapsed >= Pause)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} up to entry {index} of {last}"));
            _sinceLast.Restart();
        }
    }
}
