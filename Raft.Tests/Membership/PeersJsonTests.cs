using System.Text;
using NUnit.Framework.Constraints;
using Raft.Tests.Support;

namespace Raft.Tests.Membership;

/// <summary>hashicorp/raft's peers.json, in both its forms, and whatever else stands in such a file.</summary>
public sealed class PeersJsonTests
{
    private const int Seed = 6607;

    private const string Servers =
        """
        [
          { "id": "n1", "address": "10.0.0.1:7000", "non_voter": false },
          { "id": "n2", "address": "10.0.0.2:7000" },
          { "id": "n3", "address": "10.0.0.3:7000", "non_voter": true }
        ]
        """;

    private static readonly ClusterConfiguration OfServers = new(
        new Server("n1", "10.0.0.1:7000"), new Server("n2", "10.0.0.2:7000"),
        new Server("n3", "10.0.0.3:7000", ServerSuffrage.Nonvoter));

    private static readonly ClusterConfiguration OfPeers = new(
        new Server("127.0.0.1:123", "127.0.0.1:123"), new Server("127.0.0.2:123", "127.0.0.2:123"));

    [Test]
    [Reference("J4")]
    public void A_list_of_addresses_makes_voters_whose_address_is_their_id()
    {
        byte[] json = Encoding.UTF8.GetBytes("""["127.0.0.1:123", "127.0.0.2:123"]""");

        Assert.That(PeersJson.Parse(json), Is.EqualTo(OfPeers));
        Assert.That(PeersJson.ParsePeers(json), Is.EqualTo(OfPeers));
        Assert.That(() => PeersJson.ParseConfiguration(json), Refuses("line 1, byte 2", "a server in braces"));
    }

    [Test]
    [Reference("J4")]
    public void A_list_of_servers_says_who_does_not_vote()
    {
        byte[] json = Encoding.UTF8.GetBytes(Servers);

        Assert.That(PeersJson.Parse(json), Is.EqualTo(OfServers));
        Assert.That(PeersJson.ParseConfiguration(json), Is.EqualTo(OfServers));
        Assert.That(() => PeersJson.ParsePeers(json), Refuses("line 2, byte 3", "an address in quotes"));
    }

    [TestCase("""[{"ID": "a", "ADDRESS": "b"}]""", TestName = "Names_count_in_any_case")]
    [TestCase("""[{"id": "a", "note": {"by": ["x", {"id": "z"}]}, "address": "b"}]""", TestName = "Unknown_properties_are_passed_over")]
    [TestCase("""[{"id": "z", "id": "a", "address": "b", "address": null, "non_voter": null}]""", TestName = "The_last_one_counts_and_null_is_nothing")]
    [TestCase("""[{"id": "\u0061", "address": "b"}]""", TestName = "Escapes_are_read")]
    [TestCase("\uFEFF [{\"id\": \"a\", \"address\": \"b\"}] \r\n", TestName = "A_byte_order_mark_and_white_space_may_stand_around_it")]
    public void Go_would_read_the_same(string json) => Assert.That(
        PeersJson.Parse(Encoding.UTF8.GetBytes(json)), Is.EqualTo(new ClusterConfiguration(new Server("a", "b"))));

    [TestCase("", "line 1, byte 1")]
    [TestCase("[]", "at least one voter")]
    [TestCase("{}", "line 1, byte 1", "a list of servers")]
    [TestCase("null", "a list of servers")]
    [TestCase("""[1]""", "line 1, byte 2", "a server in braces")]
    [TestCase("""["a", {"id": "b", "address": "c"}]""", "an address in quotes")]
    [TestCase("""["a", null]""", "an address in quotes")]
    [TestCase("""["a", ""]""", "has no id")]
    [TestCase("""["a", "a"]""", "stands twice")]
    [TestCase("""["a"] ["b"]""", "line 1, byte 7")]
    [TestCase("""["a",]""", "line 1, byte 6")]
    [TestCase("""["a"] // gone""", "line 1, byte 7")]
    [TestCase("""[{"id": "a"}]""", "server a has no address")]
    [TestCase("""[{"address": "a"}]""", "has no id")]
    [TestCase("""[{"id": 1, "address": "a"}]""", "line 1, byte 9", "a text in quotes")]
    [TestCase("[{\"id\": \"a\",\n\"address\": \"b\", \"non_voter\": \"no\"}]", "line 2, byte 30", "true or false for non_voter")]
    [TestCase("""[{"id": "a", "address": "b", "non_voter": true}]""", "at least one voter")]
    [TestCase("""[{"id": "\ud800", "address": "b"}]""", "no UTF-8", "line 1, byte 9")]
    [Reference("J4")]
    public void What_is_wrong_is_said(string json, params string[] said) =>
        Assert.That(() => PeersJson.Parse(Encoding.UTF8.GetBytes(json)), Refuses(said));

    [Test]
    public void A_list_without_end_and_nesting_without_end_are_refused()
    {
        string many = $"[{string.Join(',', Enumerable.Range(0, PeersJson.ServersMax + 1).Select(i => $"\"a{i}\""))}]";
        string deep = $$"""[{"id": "a", "x": {{new string('[', 100_000)}}""";

        Assert.That(() => PeersJson.Parse(Encoding.UTF8.GetBytes(many)), Refuses("4096"));
        Assert.That(() => PeersJson.Parse(Encoding.UTF8.GetBytes(deep)), Refuses("line 1"));
    }

    [Test]
    public void Every_truncation_of_a_good_file_is_refused_and_throws_nothing_else()
    {
        byte[] json = Encoding.UTF8.GetBytes(Servers);
        for (int length = 0; length < json.Length; length++)
        {
            Assert.That(() => PeersJson.Parse(json.AsSpan(0, length)), Throws.TypeOf<FormatException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Bytes_at_random_are_read_or_refused_and_throw_nothing_else()
    {
        var random = new Random(Seed);
        byte[][] good = [Encoding.UTF8.GetBytes(Servers), """["127.0.0.1:123","127.0.0.2:123"]"""u8.ToArray()];
        int read = 0;
        for (int run = 0; run < 40_000; run++)
        {
            byte[] json = run % 4 == 0 ? new byte[random.Next(60)] : [.. good[run % 2]];
            if (run % 4 == 0)
            {
                random.NextBytes(json);
            }

            for (int changes = random.Next(4); changes > 0 && json.Length > 0; changes--)
            {
                json[random.Next(json.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"[]{},:\"\\ntx"[random.Next(11)];
            }

            try
            {
                PeersJson.Parse(json).Validate();
                read++;
            }
            catch (FormatException)
            {
                // As it should be.
            }
            catch (Exception other)
            {
                Assert.Fail($"Seed {Seed}, run {run}, {Convert.ToHexString(json)}: {other}");
            }
        }

        Assert.That(read, Is.InRange(1000, 39_000), "both happen");
    }

    private static Constraint Refuses(params string[] said)
    {
        Constraint refuses = Throws.TypeOf<FormatException>();
        foreach (string text in said)
        {
            refuses = refuses.And.Message.Contains(text);
        }

        return refuses;
    }
}
