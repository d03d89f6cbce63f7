using System.Globalization;
using Raft.Fsm.Sample.Stopped;

namespace Raft.Fsm.Sample.Recovery;

/// <summary>A plan in words for the operator, a line for each thing to know.</summary>
internal static class RecoveryText
{
    /// <summary>All lines.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="members">The members from then on.</param>
    public static IEnumerable<string> Of(RecoveryPlan plan, ClusterConfiguration members)
    {
        yield return $"{plan.Leader.Name} should lead: {plan.Why}";
        yield return Forced(plan);
        yield return Missing(plan);
        Survivor[] recovered = [.. plan.Together.Where(s => s.Id.IsEmpty || members.Find(s.Id) is not null)];
        yield return recovered.Length == 1
            ? $"to be recovered: {recovered[0].Name}"
            : $"to be recovered together, as they have the same last entry: {string.Join(", ", recovered.Select(s => s.Name))}";
        foreach (Survivor other in plan.Together.Except(recovered))
        {
            yield return $"to be emptied, since it is not among the members: {other.Name}; of its log nothing is lost";
        }

        foreach (Survivor other in plan.Others)
        {
            yield return $"to be emptied, and to join when the cluster runs (raftkv node --join): {other.Name}; {Dropped(other, plan.Leader)}";
        }

        yield return $"members from then on: {members}";
        yield return "before that: copy these directories, and see to it that no lost server comes back with its disk: it goes by the old members, and may "
            + "lead those that were recovered";
    }

    private static string Forced(RecoveryPlan plan)
    {
        ulong last = plan.Leader.State.LastIndex;
        return plan.CommitIndex >= last
            ? "no entry is forced: all of its log is known to be committed"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"forced are its {NodeText.Range(plan.CommitIndex + 1, last)}: nobody here knows them to be committed, and from then on they are. Some may be writes "
                + $"whose clients were told that the outcome is unknown; see raftkv log show --data {plan.Leader.Directory} --from {plan.CommitIndex + 1}");
    }

    private static string Missing(RecoveryPlan plan)
    {
        string last = plan.Leader.State.LastIndex.ToString(CultureInfo.InvariantCulture);
        string lost = plan.Lost.Count == 0 ? "the others" : string.Join(", ", plan.Lost.Select(s => s.Id));
        return plan.Members.VoterCount == 0 ? "no members are known here, so that nothing can be said of what may be missing"
            : plan.MayLackWrites
                ? $"missing may be writes that were acknowledged and stood only on {lost}: entries behind {last}, or in the place of what is forced. Which "
                    + "they are cannot be told from here"
                : $"every majority of {plan.Members} had one of those that are left, so that every write that was acknowledged under these members stood on one of "
                    + "these disks";
    }

    private static string Dropped(Survivor other, Survivor leader) => other.FirstUnlike(leader) is { } first
        ? $"its {NodeText.Range(first, other.State.LastIndex)} are dropped, which nobody here knows to be committed"
        : "its log is the beginning of the leader's, and nothing of it is lost";
}
