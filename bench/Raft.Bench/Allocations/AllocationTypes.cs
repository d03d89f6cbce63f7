using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Raft.Bench.Allocations;

/// <summary>Which types are allocated, by the runtime's samples: one in some hundred kilobytes.</summary>
internal sealed class AllocationTypes : EventListener
{
    private const int ShownMax = 12;
    private const int GarbageCollection = 1;
    private const int Amount = 3;
    private const int TypeName = 5;

    private readonly ConcurrentDictionary<string, long> _bytes = new();

    /// <summary>Runs a load and prints what it allocates; its warm-up is in it.</summary>
    /// <param name="load">The load.</param>
    /// <param name="count">How many commands or entries it has.</param>
    public static async Task PrintAsync(Func<Task> load, int count)
    {
        using var types = new AllocationTypes();
        await load();
        foreach ((string name, long bytes) in types._bytes.OrderByDescending(t => t.Value).Take(ShownMax))
        {
            Console.WriteLine($"    {(double)bytes / count,8:F1} B  {name}");
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, (EventKeywords)GarbageCollection);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName is { } name && name.StartsWith("GCAllocationTick", StringComparison.Ordinal))
        {
            long bytes = Convert.ToInt64(eventData.Payload![Amount], provider: null);
            _bytes.AddOrUpdate((string)eventData.Payload[TypeName]!, bytes, (_, sum) => sum + bytes);
        }
    }
}
