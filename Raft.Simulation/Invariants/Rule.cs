namespace Raft.Simulation.Invariants;

/// <summary>The names under which violations are reported.</summary>
internal static class Rule
{
    public const string ElectionSafety = "election safety (§5.2)";
    public const string OneVote = "one vote per server and term (§5.2)";
    public const string UpToDateVote = "votes only for logs that are up to date (§5.4.1)";
    public const string AppendOnly = "a leader only appends (§5.3)";
    public const string LogMatching = "log matching (§5.3)";
    public const string OwnTerm = "a leader counts only entries of its own term (§5.4.2)";
    public const string LeaderCompleteness = "leader completeness (§5.4)";
    public const string StateMachineSafety = "state machine safety (§5.4.3)";
    public const string CommitMonotonic = "the commit index never falls";
    public const string TermMonotonic = "terms never fall";
    public const string DurableFirst = "durable before it is said";
    public const string DurableTruth = "what is called durable is";
    public const string AppliedBounds = "applied only what is committed and durable here";
    public const string DurableQuorum = "committed means durable on a majority";
    public const string EqualStates = "equal states at equal indexes";
    public const string Questions = "a question is answered only by what was sent after it, and by voters (W4, W5)";
    public const string ReadLevels = "a read shows at least what its promise says";
    public const string MatchTruth = "what a leader counts as matched is on its follower's disk";
    public const string Outcomes = "every call has one true outcome";
    public const string Members = "one change of the members at a time, and by whom it may be (thesis 4.1)";
    public const string InForce = "the newest configuration of the log is in force (thesis 4.1)";
    public const string Voters = "only voters campaign, only members count (thesis 4.2)";
    public const string Flapping = "connections that end while new ones succeed or hang depose no leader";
    public const string Target = "only a voter that answers is chosen to take over (W27)";
    public const string Removed = "a removed server learns it, and then keeps still (W18)";
    public const string Snapshots = "a snapshot is the state at a committed index, and newer than the one before (§7, W14)";
    public const string LogGivesWay = "the log gives way to a durable snapshot that it contradicts, and to no other (W2)";
    public const string Gap = "no gap between snapshot and log";
    public const string Recovered = "a recovered server has all that it had, and its log is gone (W38)";
    public const string Resources = "limits hold and tasks end";
    public const string SyncedData = "synced data survives";
    public const string NodeRuns = "nodes go on unless their disk fails";
    public const string Linearizable = "linearizability";
    public const string Liveness = "liveness once the faults stop";
    public const string Applies = "the state machine applies every command";
    public const string Kept = "a state machine that keeps its state is given what it lacks, and nothing else (G03)";
    public const string Workload = "the workload's own rules";
    public const string Converged = "all servers end up the same";
}
