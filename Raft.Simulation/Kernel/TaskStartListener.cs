using System.Diagnostics.Tracing;

namespace Raft.Simulation.Kernel;

/// <summary>
/// Sees, as long as it lives, which code starts tasks outside a simulation: the runtime tells of every task that is
/// handed to a scheduler, on the thread that does it. That costs time, so it is for the report of an escape only.
/// </summary>
internal sealed class TaskStartListener : EventListener
{
    private const string SourceName = "System.Threading.Tasks.TplEventSource";
    private const EventKeywords Tasks = (EventKeywords)0b11;
    private const int TaskScheduled = 7;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == SourceName)
        {
            EnableEvents(eventSource, EventLevel.Informational, Tasks);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
#pragma warning disable RS0030 // Watched, not used.
        int outside = TaskScheduler.Default.Id;
#pragma warning restore RS0030
        if (eventData is { EventId: TaskScheduled, Payload: [int scheduler, ..] } && scheduler == outside)
        {
            EscapeDetector.Started();
        }
    }
}
