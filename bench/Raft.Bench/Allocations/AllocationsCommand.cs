using System.CommandLine;

namespace Raft.Bench.Allocations;

/// <summary>
/// <c>allocations</c>: how many bytes are allocated for a command on a leader alone, and for an entry on a follower, from the frame that
/// is received to the answer that it is durable. In one process, on write-ahead logs; what the load itself allocates stands beside.
/// </summary>
internal static class AllocationsCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var sizes = new Option<int[]>("--sizes")
        {
            Description = "Bytes of a command.",
            DefaultValueFactory = _ => [128, 1024],
            AllowMultipleArgumentsPerToken = true,
        };
        var callers = new Option<int[]>("--callers")
        {
            Description = "Callers of the leader.",
            DefaultValueFactory = _ => [1, 64, 256, 1024],
            AllowMultipleArgumentsPerToken = true,
        };
        var groups = new Option<int[]>("--groups")
        {
            Description = "Entries of a request to the follower.",
            DefaultValueFactory = _ => [1, 16, 256],
            AllowMultipleArgumentsPerToken = true,
        };
        var byType = new Option<bool>("--by-type") { Description = "Which types the bytes are of, sampled, in a run of its own." };
        var command = new Command("allocations", "Bytes allocated for a command on a leader, and for an entry on a follower.") { sizes, callers, groups, byType };
        command.SetAction(parsed => RunAsync(
            parsed.GetValue(sizes)!, parsed.GetValue(callers)!, parsed.GetValue(groups)!, parsed.GetValue(byType)));
        return command;
    }

    private static async Task<int> RunAsync(int[] sizes, int[] callers, int[] groups, bool isByType)
    {
        Console.WriteLine("| leader: command B | callers | commands a group | allocated B a command | of it the entry | the callers' own |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|");
        foreach (int size in sizes)
        {
            foreach (int count in callers)
            {
                LeaderFigures figures = await LeaderLoad.MeasureAsync(size, count);
                Console.WriteLine(
                    $"| {size} | {count} | {figures.GroupSize:F0} | {figures.Bytes:F0} | {figures.EntryBytes:F0} | {figures.CallersBytes:F1} |");
                if (isByType)
                {
                    await AllocationTypes.PrintAsync(() => LeaderLoad.MeasureAsync(size, count), LeaderLoad.CountOf(count));
                }
            }
        }

        Console.WriteLine();
        Console.WriteLine("| follower: command B | entries a request | allocated B an entry | of it the entry | beside, a request | the sender's own, a request |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|");
        foreach (int size in sizes)
        {
            foreach (int count in groups)
            {
                FollowerFigures figures = await FollowerLoad.MeasureAsync(size, count);
                Console.WriteLine(
                    $"| {size} | {count} | {figures.Bytes:F0} | {figures.EntryBytes:F0} | {(figures.Bytes - figures.EntryBytes) * count:F0} | "
                    + $"{figures.SenderBytes:F1} |");
                if (isByType)
                {
                    await AllocationTypes.PrintAsync(() => FollowerLoad.MeasureAsync(size, count), FollowerLoad.CountOf(count) * count);
                }
            }
        }

        return 0;
    }
}
