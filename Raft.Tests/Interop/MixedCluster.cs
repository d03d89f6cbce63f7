using Raft.Tests.Sample;
using Raft.Tests.Support;

namespace Raft.Tests.Interop;

/// <summary>Servers of both kinds that form one cluster, each its own process. Their names are longer than 31 bytes.</summary>
internal sealed class MixedCluster : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    // Made anew with each server, since clients look through it all the time.
    private volatile IReadOnlyList<Member> _members = [];

    /// <summary>Options of the Go servers.</summary>
    public string[] GoOptions { get; init; } = [];

    /// <summary>Options of the servers of this library.</summary>
    public string[] Options { get; init; } = [];

    /// <summary>
    /// How long a follower waits for its leader, in ms: long where no leader is to be lost, whatever else this machine does.
    /// </summary>
    public int HeartbeatMs { get; init; } = 1000;

    private string[] Timings => [$"--heartbeat-ms={HeartbeatMs}", $"--election-ms={HeartbeatMs}", $"--lease-ms={HeartbeatMs}"];

    /// <summary>All servers that were made.</summary>
    public IReadOnlyList<Member> Members => _members;

    /// <summary>Makes a Go server.</summary>
    /// <param name="own">Options for it alone.</param>
    public GoMember AddGo(params string[] own) =>
        AddGo(TestPorts.Take(2), $"server-{_members.Count + 1}-of-hashicorp-raft-in-Go", own);

    /// <summary>Makes a Go server whose name is its address, as protocol versions before 3 have it.</summary>
    /// <param name="own">Options for it alone.</param>
    public GoMember AddGoNamedByAddress(params string[] own)
    {
        int[] ports = TestPorts.Take(2);
        return AddGo(ports, $"127.0.0.1:{ports[0]}", own);
    }

    /// <summary>Makes a server of this library.</summary>
    /// <param name="own">Options for it alone.</param>
    public RaftkvMember Add(params string[] own)
    {
        int[] ports = TestPorts.Take(2);
        string id = $"server-{_members.Count + 1}-of-this-library-in-.NET";
        var member = new RaftkvMember(id, ports[0], ports[1], _directory.File(id), [.. Timings, .. Options, "--log-level=debug", .. own]);
        _members = [.. _members, member];
        return member;
    }

    /// <summary>Makes a server of this library in the place of another: of its name, its address and its directory.</summary>
    public RaftkvMember Replace(Member other)
    {
        var member = new RaftkvMember(other.Id, other.RaftPort, other.HttpPort, other.Data, [.. Timings, .. Options, "--log-level=debug"]);
        _members = [.. _members.Select(m => m == other ? member : m)];
        return member;
    }

    /// <summary>Starts servers as the founders of a cluster, by the first of them.</summary>
    public static async Task FoundAsync(params Member[] voters)
    {
        string peers = string.Join(',', voters.Select(v => $"{v.Id}={v.Address}"));
        await Task.WhenAll(voters.Select(v => v.StartAsync(v == voters[0] && !v.IsGo ? [$"--peers={peers}"] : [])));
        if (voters[0] is GoMember go)
        {
            await go.BootstrapAsync(voters);
        }
    }

    /// <summary>Waits for a leader.</summary>
    public Task<Member> LeaderAsync() => LeaderAsync(_members);

    /// <summary>Waits for a leader among some of the servers.</summary>
    public async Task<Member> LeaderAsync(IReadOnlyCollection<Member> among)
    {
        Member? leader = null;
        await Eventually.HoldsAsync(
            "a server leads", async () => (leader = await FindLeaderAsync(among)) is not null, Dump, Deadline);
        return leader!;
    }

    /// <summary>Hands the leadership to a server, whoever has it.</summary>
    public async Task MakeLeaderAsync(Member next)
    {
        Member leader = await LeaderAsync();
        if (leader != next)
        {
            try
            {
                await leader.TransferAsync(next.Id);
            }
            catch (InvalidOperationException failure)
            {
                Assert.Fail($"{failure.Message}\n{Dump()}");
            }
        }

        await Eventually.HoldsAsync($"{next} leads", next.LeadsAsync, Dump, Deadline);
    }

    /// <summary>Waits until servers hold the same state and the same entries, as far as each goes back.</summary>
    public async Task ConvergeAsync(params Member[] members)
    {
        await Eventually.HoldsAsync(
            "a barrier is passed", async () => await (await LeaderAsync(members)).TryBarrierAsync(), Dump, Deadline);
        string seen = string.Empty;
        await Eventually.HoldsAsync(
            "all servers hold the same",
            async () =>
            {
                ulong[] last = await Task.WhenAll(members.Select(m => m.LastIndexAsync()));
                MemberState[] states = await Task.WhenAll(members.Select(m => m.StateAsync()));
                seen = string.Join(' ', members.Zip(states, last));
                return states.Distinct().Count() == 1 && last.Distinct().Count() == 1;
            },
            () => $"{seen}\n{Dump()}",
            Deadline);
        await RequireEqualEntriesAsync(members);
    }

    /// <summary>Waits until servers know the same configuration.</summary>
    /// <param name="voters">Its voters.</param>
    /// <param name="nonvoters">Its other servers.</param>
    /// <param name="members">Who must know it.</param>
    public async Task HasMembersAsync(IEnumerable<Member> voters, IEnumerable<Member> nonvoters, IEnumerable<Member> members)
    {
        string expected = string.Join('\n', voters.Select(v => $"{v} Voter").Concat(nonvoters.Select(n => $"{n} Nonvoter"))
            .Order(StringComparer.Ordinal));
        foreach (Member member in members)
        {
            string seen = string.Empty;
            await Eventually.HoldsAsync(
                $"{member} knows\n{expected}", async () => (seen = await member.ConfigurationAsync()) == expected,
                () => $"{seen}\n{Dump()}", Deadline);
        }
    }

    /// <summary>What all servers logged.</summary>
    public string Dump() => string.Join('\n', _members.Select(m => $"--- {m}\n{m.Errors}"));

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in _members)
        {
            await member.DisposeAsync();
        }

        _directory.Dispose();
    }

    private GoMember AddGo(int[] ports, string id, string[] own)
    {
        var member = new GoMember(
            id, ports[0], ports[1], _directory.File(id),
            [$"-heartbeat-ms={HeartbeatMs}", $"-election-ms={HeartbeatMs}", "-log=DEBUG", .. GoPeerRequired.Options, .. GoOptions, .. own]);
        _members = [.. _members, member];
        return member;
    }

    private static async Task<Member?> FindLeaderAsync(IEnumerable<Member> among)
    {
        foreach (Member member in among.Where(m => m.IsRunning))
        {
            try
            {
                if (await member.LeadsAsync())
                {
                    return member;
                }
            }
            catch (HttpRequestException)
            {
                // It is being killed.
            }
        }

        return null;
    }

    private static async Task RequireEqualEntriesAsync(Member[] members)
    {
        IReadOnlyList<MemberEntry>[] logs = await Task.WhenAll(members.Select(async m => Tail(await m.EntriesAsync(1))));
        for (int i = 1; i < logs.Length; i++)
        {
            ulong first = Math.Max(FirstOf(logs[0]), FirstOf(logs[i]));
            Assert.That(
                logs[i].Where(e => e.Index >= first), Is.EqualTo(logs[0].Where(e => e.Index >= first)),
                $"the entries of {members[i]} and {members[0]} from {first} on");
        }
    }

    /// <summary>What stands behind the last gap: Go keeps older entries where it was sent a snapshot.</summary>
    private static IReadOnlyList<MemberEntry> Tail(IReadOnlyList<MemberEntry> log)
    {
        int first = log.Count == 0 ? 0 : log.Count - 1;
        while (first > 0 && log[first - 1].Index + 1 == log[first].Index)
        {
            first--;
        }

        return [.. log.Skip(first)];
    }

    private static ulong FirstOf(IReadOnlyList<MemberEntry> log) => log.Count == 0 ? ulong.MaxValue : log[0].Index;
}
