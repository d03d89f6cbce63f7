using Raft.Core;
using Raft.Mutations;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Mutations;

/// <summary>The bugs that can be planted in what decides, as truth tables.</summary>
public sealed class RuleMutationTests
{
    private static Commitment Of(int voters, int nonvoters, ulong firstIndexOfTerm, Mutation mutation)
    {
        IEnumerable<Server> servers = Enumerable.Range(1, voters + nonvoters).Select(i => new Server(
            $"n{i}", $"n{i}:1", i <= voters ? ServerSuffrage.Voter : ServerSuffrage.Nonvoter));
        return new Commitment(new ClusterConfiguration(servers), firstIndexOfTerm, commitIndex: 0, mutation);
    }

    [TestCase(false, 0ul)]
    [TestCase(true, 4ul)]
    public void CommitOldTerm_counts_the_copies_of_an_older_terms_entry(bool isPlanted, ulong committed)
    {
        Commitment commitment = Of(3, nonvoters: 0, firstIndexOfTerm: 5, Planted.If(isPlanted, Mutation.CommitOldTerm));

        commitment.Match("n1", 4);
        commitment.Match("n2", 4);

        Assert.That(commitment.CommitIndex, Is.EqualTo(committed));
        Assert.That(commitment.HasCommittedOwnTerm, Is.False);
    }

    [TestCase(1, 1, 1)]
    [TestCase(2, 2, 1)]
    [TestCase(3, 2, 1)]
    [TestCase(4, 3, 2)]
    [TestCase(5, 3, 2)]
    public void QuorumOffByOne_commits_with_one_voter_fewer(int voters, int needed, int neededWhenPlanted)
    {
        Assert.That(CopiesNeeded(voters, Mutation.None), Is.EqualTo(needed));
        Assert.That(CopiesNeeded(voters, Mutation.QuorumOffByOne), Is.EqualTo(neededWhenPlanted));
    }

    [TestCase(false, 0ul)]
    [TestCase(true, 8ul)]
    public void NonvoterCounted_commits_by_the_copies_of_nonvoters(bool isPlanted, ulong committed)
    {
        Commitment commitment = Of(3, nonvoters: 2, firstIndexOfTerm: 1, Planted.If(isPlanted, Mutation.NonvoterCounted));

        commitment.Match("n1", 8);
        commitment.Match("n4", 8);
        commitment.Match("n5", 8);

        Assert.That(commitment.CommitIndex, Is.EqualTo(committed));
    }

    [TestCase(false, null)]
    [TestCase(true, 2ul)]
    public void TruncateWithoutCheck_takes_what_the_log_holds_for_new(bool isPlanted, ulong? expected)
    {
        ulong? firstNew = AppendEntriesRules.FirstNew(
            [Entries(2, 1)], termAt: _ => 1, mutation: Planted.If(isPlanted, Mutation.TruncateWithoutCheck));

        Assert.That(firstNew, Is.EqualTo(expected));
    }

    private static int CopiesNeeded(int voters, Mutation mutation)
    {
        Commitment commitment = Of(voters, nonvoters: 0, firstIndexOfTerm: 1, mutation);
        int copies = 0;
        while (commitment.CommitIndex == 0)
        {
            commitment.Match($"n{++copies}", 1);
        }

        return copies;
    }
}
