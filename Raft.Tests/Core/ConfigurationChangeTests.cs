using Raft.Membership;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

/// <summary>What a change makes of a configuration, and which configurations there may be (thesis 4.1).</summary>
public sealed class ConfigurationChangeTests
{
    private static readonly ClusterConfiguration Four = new(
        new Server("v", "v:1"), new Server("s", "s:1", ServerSuffrage.Staging), new Server("l", "l:1", ServerSuffrage.Nonvoter),
        new Server("z", "z:1"));

    [TestCase("AddVoter", "new", "v@v:1 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1 new@x:9")]
    [TestCase("AddVoter", "v", "v@x:9 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("AddVoter", "s", "v@v:1 s@x:9 l@l:1 (Nonvoter) z@z:1")]
    [TestCase("AddVoter", "l", "v@v:1 s@s:1 (Staging) l@x:9 z@z:1")]
    [TestCase("AddNonvoter", "new", "v@v:1 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1 new@x:9 (Nonvoter)")]
    [TestCase("AddNonvoter", "v", "v@x:9 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("AddNonvoter", "s", "v@v:1 s@x:9 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("AddNonvoter", "l", "v@v:1 s@s:1 (Staging) l@x:9 (Nonvoter) z@z:1")]
    [TestCase("Demote", "new", "v@v:1 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Demote", "v", "v@v:1 (Nonvoter) s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Demote", "s", "v@v:1 s@s:1 (Nonvoter) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Demote", "l", "v@v:1 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Remove", "new", "v@v:1 s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Remove", "v", "s@s:1 (Staging) l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Remove", "s", "v@v:1 l@l:1 (Nonvoter) z@z:1")]
    [TestCase("Remove", "l", "v@v:1 s@s:1 (Staging) z@z:1")]
    [Reference("D12")]
    public void A_change_concerns_its_server_alone_and_keeps_the_order(string kind, string id, string expected)
    {
        var change = new ConfigurationChange(Enum.Parse<ConfigurationChangeKind>(kind), id, "x:9");

        Assert.That(string.Join(' ', change.ApplyTo(Four).Servers), Is.EqualTo(expected));
    }

    [Test]
    [Reference("D15")]
    public void A_change_leaves_what_it_is_applied_to_as_it_was()
    {
        List<Server> servers = [.. Four.Servers];
        var configuration = new ClusterConfiguration(servers);
        servers.Clear();
        var tracker = new ConfigurationTracker();
        tracker.Append(1, configuration);

        ClusterConfiguration next = new ConfigurationChange(ConfigurationChangeKind.Remove, "v").ApplyTo(configuration);
        tracker.Append(2, next);

        Assert.That(configuration, Is.EqualTo(Four));
        Assert.That(tracker.At(1).Configuration, Is.EqualTo(Four));
        Assert.That(tracker.Latest, Is.Not.EqualTo(Four));
    }

    [TestCase("AddVoter", "", "x:9", "has no id")]
    [TestCase("AddVoter", "new", "", "has no address")]
    [TestCase("AddVoter", "new", "v:1", "the address v:1 stands twice")]
    [TestCase("AddNonvoter", "new", "z:1", "the address z:1 stands twice")]
    [Reference("D14")]
    public void A_change_that_leads_to_what_cannot_be_is_refused(string kind, string id, string address, string says)
    {
        var change = new ConfigurationChange(Enum.Parse<ConfigurationChangeKind>(kind), id, address);

        Assert.That(() => change.ApplyTo(Four), Throws.ArgumentException.With.Message.Contains(says));
    }

    [Test]
    [Reference("D14")]
    public void The_last_voter_is_neither_removed_nor_demoted()
    {
        var one = new ClusterConfiguration(new Server("v", "v:1"), new Server("l", "l:1", ServerSuffrage.Nonvoter));

        foreach (ConfigurationChangeKind kind in (ConfigurationChangeKind[])[ConfigurationChangeKind.Remove, ConfigurationChangeKind.Demote])
        {
            Assert.That(
                () => new ConfigurationChange(kind, "v").ApplyTo(one),
                Throws.ArgumentException.With.Message.Contains("at least one voter"));
        }
    }

    [Test]
    [Reference("D14", "D16", "d12")]
    public void A_cluster_runs_on_servers_of_different_names_and_addresses_of_which_one_votes()
    {
        Server voter = new("v", "v:1");
        Assert.That(new ClusterConfiguration(voter).Validate, Throws.Nothing);
        Assert.That(new ClusterConfiguration(voter, new Server("v", "x:9")).Validate, Throws.ArgumentException);
        Assert.That(new ClusterConfiguration(voter, new Server("x", "v:1")).Validate, Throws.ArgumentException);
        Assert.That(new ClusterConfiguration(voter, new Server("", "x:9")).Validate, Throws.ArgumentException);
        Assert.That(new ClusterConfiguration(voter, new Server("x", "")).Validate, Throws.ArgumentException);
        Assert.That(new ClusterConfiguration(voter with { Suffrage = ServerSuffrage.Nonvoter }).Validate, Throws.ArgumentException);
        Assert.That(ClusterConfiguration.Empty.Validate, Throws.ArgumentException);

        Assert.That(Four.Servers.Where(s => Four.IsVoter(s.Id)).Select(s => s.Id.Value), Is.EqualTo(new[] { "v", "z" }));
        Assert.That(Four.IsVoter("nobody"), Is.False);
        Assert.That((Four.VoterCount, Four.QuorumSize), Is.EqualTo((2, 2)));
    }
}
