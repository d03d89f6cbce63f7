namespace Raft;

/// <summary>The one place that names what a process has only one of; everything else is given it.</summary>
internal static class CompositionRoot
{
#pragma warning disable RS0030 // Banned elsewhere: here is where they are injected from.
    public static TimeProvider SystemTime => TimeProvider.System;

    public static TaskScheduler PoolScheduler => TaskScheduler.Default;

    public static int NewSeed() => Random.Shared.Next();

    public static string NewName() => Guid.NewGuid().ToString("N");
#pragma warning restore RS0030
}
