using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>Remembers what clients asked nodes for, to find calls that never end and outcomes that are not true.</summary>
internal sealed class CallRegister(ClusterLedger ledger)
{
    private readonly List<(Task Call, SimProcess Process, ulong? Command, string What)> _open = [];
    private readonly List<(ulong Hash, string What)> _notDone = [];
    private readonly Dictionary<ulong, int> _sent = [];

    /// <summary>Calls that were answered with success.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Commands among them.</summary>
    public int Commands { get; private set; }

    /// <summary>Calls whose outcome stayed unknown.</summary>
    public int Unknown { get; private set; }

    /// <summary>A node was asked for something.</summary>
    /// <param name="call">Its answer.</param>
    /// <param name="process">The node's process.</param>
    /// <param name="command">The command's hash; null where it was none.</param>
    /// <param name="what">What it was, for a report.</param>
    public void Add(Task call, SimProcess process, ulong? command, string what)
    {
        if (_open.Count > 1000)
        {
            _open.RemoveAll(c => HasEnded(c.Call, c.Command, c.What) || c.Process.WasCrashed);
        }

        _open.Add((call, process, command, what));
    }

    /// <summary>A command was sent.</summary>
    public void Sent(ulong commandHash) => _sent[commandHash] = _sent.GetValueOrDefault(commandHash) + 1;

    /// <summary>A command was answered with success.</summary>
    public void Done(ApplyResult result, ulong commandHash, ServerId server)
    {
        Acknowledged++;
        Commands++;
        if (!ledger.IsCommitted(result.Index, result.Term) || !ledger.WasApplied(commandHash))
        {
            ledger.Violated(
                Rule.Outcomes, $"{server} answered a command with ({result.Index}, {result.Term}), which is not committed or another's");
        }
    }

    /// <summary>A read was answered.</summary>
    public void Read() => Acknowledged++;

    /// <summary>A command was answered with: nothing was appended.</summary>
    public void NotDone(ulong commandHash, string what) => _notDone.Add((commandHash, what));

    /// <summary>Nobody knows what became of a call.</summary>
    public void Lost() => Unknown++;

    /// <summary>A call ended in a way that the documentation does not know.</summary>
    public void Unexpected(Exception failure, ServerId server) =>
        ledger.Violated(Rule.Outcomes, $"{server} ended a call with {failure.GetType().Name}: {failure.Message}");

    /// <summary>After all processes have ended: every call has ended too, and what was not done is nowhere.</summary>
    public void CheckAll()
    {
        foreach ((Task call, SimProcess process, ulong? command, string what) in _open)
        {
            if (!HasEnded(call, command, what) && !process.WasCrashed)
            {
                ledger.Violated(Rule.Outcomes, $"a call never ended: {what}");
            }
        }

        foreach ((ulong hash, string what) in _notDone)
        {
            // One that was sent again may have been applied for that.
            if (_sent[hash] == 1 && ledger.WasApplied(hash))
            {
                ledger.Violated(Rule.Outcomes, $"a command was applied whose caller was told that nothing was appended: {what}");
            }
        }
    }

    /// <summary>Whether a call has ended. An answer counts although its client did not wait for it.</summary>
    private bool HasEnded(Task call, ulong? command, string what)
    {
        if (command is { } hash && call is Task<ApplyResult> { IsCompletedSuccessfully: true } done)
        {
            ApplyResult result = done.GetAwaiter().GetResult();
            if (!ledger.IsCommitted(result.Index, result.Term) || !ledger.WasApplied(hash))
            {
                ledger.Violated(Rule.Outcomes, $"a late answer tells of ({result.Index}, {result.Term}), which is not committed or another's: {what}");
            }
        }
        else if (command is { } refused
            && call.Exception?.InnerException is NotLeaderException or EnqueueTimeoutException or RaftShutdownException
                or LeadershipTransferInProgressException)
        {
            NotDone(refused, what);
        }

        return call.IsCompleted;
    }
}
