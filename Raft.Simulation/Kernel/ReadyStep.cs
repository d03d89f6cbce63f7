using System.Runtime.InteropServices;

namespace Raft.Simulation.Kernel;

/// <summary>Something that can happen now: a task's next piece, or an event whose time has come.</summary>
/// <param name="Process">Whose step it is; null for the world's.</param>
/// <param name="Task">The task, or null.</param>
/// <param name="Event">The event, where there is no task.</param>
/// <param name="Version">The event's version when it was scheduled.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ReadyStep(SimProcess? Process, Task? Task, SimEvent? Event, int Version);
