using System.Text.Json;
using Raft.Tests.Sample;

namespace Raft.Tests.Interop;

/// <summary>A server of a mixed cluster, of its own process, that can be killed and started again on what it has on disk.</summary>
/// <param name="id">Its name.</param>
/// <param name="raftPort">Where it listens for servers.</param>
/// <param name="httpPort">Where it listens for clients.</param>
/// <param name="data">Its directory.</param>
internal abstract class Member(string id, int raftPort, int httpPort, string data) : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Id => id;

    /// <summary>The port for servers.</summary>
    public int RaftPort => raftPort;

    /// <summary>The port for clients.</summary>
    public int HttpPort => httpPort;

    /// <summary>Where servers reach it.</summary>
    public string Address => $"127.0.0.1:{raftPort}";

    /// <summary>Where clients reach it.</summary>
    public string Http => $"http://127.0.0.1:{httpPort}";

    /// <summary>Its directory.</summary>
    public string Data => data;

    /// <summary>Whether it is a Go server.</summary>
    public abstract bool IsGo { get; }

    /// <summary>Whether it was started and not stopped since.</summary>
    public abstract bool IsRunning { get; }

    /// <summary>What it logged.</summary>
    public abstract string Errors { get; }

    /// <summary>The host and port for its command line.</summary>
    protected string HttpAddress => $"127.0.0.1:{httpPort}";

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="own">Options for this start alone.</param>
    public abstract Task StartAsync(params string[] own);

    /// <summary>Ends it by <c>kill -9</c>.</summary>
    public abstract Task KillAsync();

    /// <summary>Ends it by SIGTERM.</summary>
    public abstract Task TerminateAsync();

    /// <summary>Whether it says that it leads.</summary>
    public abstract Task<bool> LeadsAsync();

    /// <summary>Writes one value, itself and nowhere else.</summary>
    /// <returns>Whether it said that the write is committed.</returns>
    public abstract Task<bool> TryWriteAsync(string key, string value);

    /// <summary>Writes many values, many of them at once; all must succeed.</summary>
    public abstract Task WriteManyAsync(IReadOnlyList<(string Key, string Value)> writes);

    /// <summary>The state of its state machine.</summary>
    public abstract Task<MemberState> StateAsync();

    /// <summary>A value, as its own state machine has it; null where there is none.</summary>
    public abstract Task<string?> ReadAsync(string key);

    /// <summary>The index of its last entry.</summary>
    public abstract Task<ulong> LastIndexAsync();

    /// <summary>The entries that it holds, from an index on.</summary>
    public abstract Task<IReadOnlyList<MemberEntry>> EntriesAsync(ulong from);

    /// <summary>Its configuration, a server a line, in the order of the names.</summary>
    public abstract Task<string> ConfigurationAsync();

    /// <summary>Adds a voter.</summary>
    public abstract Task AddVoterAsync(Member server);

    /// <summary>Adds a server without a vote.</summary>
    public abstract Task AddNonvoterAsync(Member server);

    /// <summary>Takes a vote.</summary>
    public abstract Task DemoteAsync(string server);

    /// <summary>Removes a server.</summary>
    public abstract Task RemoveAsync(string server);

    /// <summary>Hands the leadership over.</summary>
    public abstract Task TransferAsync(string server);

    /// <summary>Takes a snapshot.</summary>
    public abstract Task SnapshotAsync();

    /// <summary>The index of its newest snapshot; 0 where there is none.</summary>
    public abstract Task<ulong> LastSnapshotIndexAsync();

    /// <summary>Waits until all that was proposed before is applied.</summary>
    /// <returns>Whether it was.</returns>
    public abstract Task<bool> TryBarrierAsync();

    public abstract ValueTask DisposeAsync();

    public override string ToString() => $"{Id}@{Address}";

    /// <summary>One line of a configuration.</summary>
    protected static string Line(string id, string address, string suffrage) => $"{id}@{address} {suffrage}";

    /// <summary>The lines of a configuration, in one order for both kinds.</summary>
    protected static string Text(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));

    /// <summary>Asks for something.</summary>
    protected async Task<JsonElement> GetAsync(string target) => Checked(target, await Reply.SendAsync(Http, "GET", target));

    /// <summary>Has something done.</summary>
    protected async Task<JsonElement> PostAsync(string target, byte[]? body = null) =>
        Checked(target, await Reply.SendAsync(Http, "POST", target, body ?? []));

    /// <summary>Sends what need not be answered.</summary>
    /// <returns>The answer; null where none came.</returns>
    protected async Task<Reply?> SendAsync(string method, string target, byte[] body)
    {
        try
        {
            return await Reply.SendAsync(Http, method, target, body);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>An answer that must say that all went well.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    protected JsonElement Checked(string what, Reply reply) =>
        reply.Status == 200 ? reply.Json : throw new InvalidOperationException($"{Id} {what}: {reply}");
}
