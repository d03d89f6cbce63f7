using Raft.Fsm.Sample.CommandLine;

namespace Raft.Fsm.Sample.Recovery;

/// <summary><c>raftkv recover</c>: looks at the servers that are left of a cluster without a majority, and makes a cluster of them.</summary>
internal static class RecoverCommand
{
    private const string Name = "recover";

    /// <summary>The options.</summary>
    public static IReadOnlyList<OptionSpec> Options { get; } =
    [
        new("data", "[ID=]DIR", "the data directory of a server that is left and does not run, with its id where the directory is not named so")
        {
            IsRequired = true, MayRepeat = true,
        },
        new("members", "ID=HOST:PORT,...", "who is a member from then on, all of them recovered here (by default all that can be)"),
        new("dry-run", "", "only says what would be done"),
        new("yes", "", "does it; read docs/recovery.md first"),
        new("force", "", "also where a majority is left that only needs to be started"),
    ];

    /// <summary>Looks, and recovers where that is asked for.</summary>
    /// <returns>The exit code: 1 where the plan is not one to carry out, 3 where a directory is refused.</returns>
    /// <exception cref="UsageException">Something is wrong with the command line.</exception>
    public static Task<int> RunAsync(ParsedOptions given, TextWriter output, TextWriter errors) => CommandTable.OnDataAsync(Name, errors, async () =>
    {
        if (given.Has("dry-run") && given.Has("yes"))
        {
            throw given.Wrong("--dry-run changes nothing and --yes does what it says; give one of them");
        }

        SurvivorSet found = await SurvivorSet.ReadAsync(given.All("data"), given);
        foreach (string line in found.Lines)
        {
            await output.WriteLineAsync(CommandTable.OneLine(line));
        }

        return await DecideAsync(found, given, output, errors);
    });

    private static async Task<int> DecideAsync(SurvivorSet found, ParsedOptions given, TextWriter output, TextWriter errors)
    {
        if (found.Survivors.Count == 0)
        {
            return await RefuseAsync(errors, "none of the directories holds anything to recover; restore a backup into a new cluster", ExitCodes.Store);
        }

        if (found.Difference is not null || RecoveryPlan.Of(found.Survivors) is not { } plan)
        {
            return await RefuseAsync(
                errors, $"{found.Difference ?? "the servers contradict each other in what they know to be committed"}: they are of two clusters, were "
                + "recovered apart, or one is damaged in a way that no checksum shows; compare them: raftkv log diff", ExitCodes.Store);
        }

        ClusterConfiguration members = RecoveryMembers.Read(given, plan);
        foreach (string line in RecoveryText.Of(plan, members))
        {
            await output.WriteLineAsync(line);
        }

        IReadOnlyList<Survivor> recovered = [.. plan.Together.Where(s => members.Find(s.Id) is not null)];
        if (recovered.Count > 0 && recovered.Count == members.Servers.Length && recovered.All(s => s.IsRecoveredWith(members)))
        {
            await output.WriteLineAsync("nothing to do: they were recovered with these members; start them");
            return ExitCodes.Success;
        }

        if (plan.HasMajority && !given.Has("force"))
        {
            return await RefuseAsync(
                errors, $"{plan.VotersLeft} of the {plan.Members.VoterCount} voters {plan.Members} are left, which is a majority: start them with their data, and "
                + "nothing need be lost; with --force it is done all the same", ExitCodes.Failure);
        }

        return given.Has("dry-run") ? ExitCodes.Success : await CarryOutAsync(found, recovered, members, given, output, errors);
    }

    private static async Task<int> CarryOutAsync(
        SurvivorSet found, IReadOnlyList<Survivor> recovered, ClusterConfiguration members, ParsedOptions given, TextWriter output, TextWriter errors)
    {
        if (found.LeftOut.Count > 0)
        {
            return await RefuseAsync(
                errors, $"{string.Join(" and ", found.LeftOut)} cannot be used; nothing was changed. Give the command without, if that is meant", ExitCodes.Store);
        }

        RecoveryMembers.RequireKnown(given, recovered, members);
        if (!given.Has("yes"))
        {
            throw given.Wrong("nothing was changed; give --yes to carry this out, or --dry-run to look only");
        }

        foreach (Survivor survivor in recovered)
        {
            await output.WriteLineAsync(await RecoveryRun.RecoverAsync(survivor, members));
        }

        await output.WriteLineAsync(
            $"start {string.Join(" and ", recovered.Select(s => $"{s.Id} on {s.Directory}"))}; others join once a write was acknowledged");
        return ExitCodes.Success;
    }

    private static async Task<int> RefuseAsync(TextWriter errors, string why, int exitCode)
    {
        await errors.WriteLineAsync(CommandTable.OneLine($"raftkv {Name}: {why}"));
        return exitCode;
    }
}
