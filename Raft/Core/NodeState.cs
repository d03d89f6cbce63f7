using Raft.Membership;
using Raft.Mutations;
using Raft.Observability;
using Raft.Storage;
using Raft.Timing;

namespace Raft.Core;

/// <summary>
/// The consensus state of a node: term and vote, role, leader, commit index, log and configurations. Only the loop
/// changes it (W1), from its own task.
/// </summary>
internal sealed class NodeState(
    RpcHeader header, TermAndVote record, RejoinPoint rejoin, RaftLog log, LogWriter writer,
    ConfigurationTracker configurations, SnapshotMeta? snapshot, HeartbeatGate gate, NodeBoard board, NodeClock clock,
    ObserverHub observers, IRaftTrace? trace, Mutation mutation)
{
    private ulong _durableRecord;
    private readonly PromiseAllowance _allowance = new(gate.Promise, writer);
    private RejoinPoint _rejoin = rejoin;

    /// <summary>This server.</summary>
    public ServerId LocalId { get; } = header.Id;

    /// <summary>Where others reach it.</summary>
    public ServerAddress LocalAddress { get; } = header.Address;

    /// <summary>What stands at the head of every message from here.</summary>
    public RpcHeader Header { get; } = header;

    /// <summary>The log.</summary>
    public RaftLog Log { get; } = log;

    /// <summary>The configurations in the log.</summary>
    public ConfigurationTracker Configurations { get; } = configurations;

    /// <summary>The configuration in force.</summary>
    public ClusterConfiguration Configuration => Configurations.Latest;

    /// <summary>When it learned that the configuration in force is committed (long ago, if not in this life); null while it does not know.</summary>
    public TimeSpan? ConfigurationCommittedAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>Term and vote as held in memory; <see cref="IsRecordDurable"/> says whether on disk too.</summary>
    public TermAndVote Record { get; private set; } = record;

    /// <summary>The current term.</summary>
    public ulong Term => Record.Term;

    /// <summary>The sequence under which <see cref="Record"/> goes to disk.</summary>
    public ulong RecordSequence { get; private set; }

    /// <summary>Whether <see cref="Record"/> would survive a power cut.</summary>
    public bool IsRecordDurable => _durableRecord >= RecordSequence;

    /// <summary>The role.</summary>
    public RaftState Role { get; private set; } = RaftState.Follower;

    /// <summary>The leader of the current term, as far as known.</summary>
    public LeaderView Leader { get; private set; } = LeaderView.None;

    /// <summary>Whether that leader is protected from candidates that it did not send (thesis 4.2.3): not once anybody may campaign.</summary>
    public bool IsLeaderProtected => Leader.IsKnown && (Role == RaftState.Leader || !gate.IsSilent);

    /// <summary>The newest snapshot; null where there is none.</summary>
    public SnapshotMeta? Snapshot { get; private set; } = snapshot;

    /// <summary>Whether there is a snapshot whose entries the log may still let go of.</summary>
    public bool IsCompactionDue { get; set; } = snapshot is not null;

    /// <summary>The highest index known to be committed. What a snapshot covers is.</summary>
    public ulong CommitIndex { get; private set; } = snapshot?.Index ?? 0;

    /// <summary>The highest commit index that the leader of the current term has told; its own on the leader.</summary>
    public ulong LeaderCommitIndex { get; private set; }

    /// <summary>What the state machine may take: committed, and durable here, so that it is never ahead of the log on disk.</summary>
    public ulong ApplicableIndex =>
        mutation == Mutation.AppliedBeforeDurable ? CommitIndex : Math.Min(CommitIndex, Log.DurableIndex);

    /// <summary>Whether this server is no member of the configuration in force, which is committed.</summary>
    public bool IsRemoved => Configuration.Find(LocalId) is null && Configurations.LatestIndex <= CommitIndex;

    /// <summary>Whether this server votes in the configuration in force.</summary>
    public bool IsVoter => Configuration.IsVoter(LocalId);

    /// <summary>
    /// Whether this server may campaign: it votes, or is losing its vote by an entry that it does not know to be committed.
    /// That entry may stand in its log alone, and then the others cannot elect anyone without it (thesis 4.2.2).
    /// </summary>
    public bool MayCampaign => !LacksLostLog
        && (IsVoter || (Configurations.LatestIndex > CommitIndex && Configurations.Previous.IsVoter(LocalId)));

    /// <summary>
    /// Whether this server lost its disk and has not got its log back up to where it was removed. The configurations that it
    /// finds on the way there are over: by one of them it may be the only voter.
    /// </summary>
    public bool LacksLostLog => Log.LastIndex < _rejoin.Index && mutation != Mutation.RejoinForgetsLog;

    /// <summary>The last entry that a candidate's log is compared with: one that was lost counts as there.</summary>
    public (ulong Index, ulong Term) VotePosition =>
        LacksLostLog ? (_rejoin.Index, _rejoin.Term) : (Log.LastIndex, Log.LastTerm);

    /// <summary>Whether no cluster was ever here. Term 1 without a vote and without a log is an interrupted bootstrap.</summary>
    public bool IsBlank => Log.LastIndex == 0 && (Record.Term == 0 || (Record.Term == 1 && !Record.HasVoted));

    /// <summary>Adopts a newer term; the vote in it is free, its leader not known.</summary>
    public void AdoptTerm(ulong term)
    {
        Invariant.Require(term > Term, "a term never goes down");
        SetLeader(LeaderView.None);
        Save(new TermAndVote(term));
    }

    /// <inheritdoc cref="HeartbeatGate.CloseOnPromise"/>
    public ulong? HoldPromise() => gate.CloseOnPromise();

    /// <summary>The leader asks for a promise: one longer than any before must be possible after a restart too.</summary>
    public void AllowPromise(TimeSpan wanted)
    {
        if (_allowance.Ask(wanted, Record) is { } sequence)
        {
            gate.Close();
            RecordSequence = sequence;
        }
    }

    /// <summary>Gives the vote of the current term.</summary>
    public void Vote(ServerId candidate, ServerAddress address) =>
        Save(Record with { VotedFor = candidate, VotedForAddress = address });

    /// <summary>Begins the next term with a vote for this server itself.</summary>
    public void Campaign()
    {
        SetLeader(LeaderView.None);
        VainCampaigns = IsVoter ? 0 : VainCampaigns + 1;
        Save(new TermAndVote(Term + 1, LocalId, LocalAddress));
    }

    /// <summary>
    /// Takes up the life of a server that lost its disk, from the entry on that removed it. Its vote in that entry's term
    /// is gone: it may have been given.
    /// </summary>
    public void Rejoin(RejoinPoint point)
    {
        SetLeader(LeaderView.None);
        _rejoin = point;
        bool isBehind = Term < point.Term || (Term == point.Term && !Record.HasVoted);
        Save(isBehind ? new TermAndVote(point.Term, LocalId, LocalAddress) : Record, point);
    }

    /// <summary>Whether this server rejoined by a later removal.</summary>
    public bool IsAbove(RejoinPoint point) => _rejoin.IsAbove(point);

    /// <summary>Whether this server has lost its disk and nothing came to it since it was told so.</summary>
    public bool AwaitsLostLog => _rejoin.Index > 0 && Log.LastIndex == 0;

    /// <summary>Takes the news that all records up to a sequence are durable.</summary>
    public void OnRecordDurable(ulong sequence)
    {
        _durableRecord = Math.Max(_durableRecord, sequence);
        trace?.RecordDurable(sequence);
        _allowance.OnDurable(sequence);
        OpenGate();
    }

    /// <summary>The sequence up to which all log changes are known to be durable.</summary>
    public ulong DurableLogSequence { get; private set; }

    /// <summary>The sequence of the last log change; <see cref="DurableLogSequence"/> says whether it is durable.</summary>
    public ulong LogSequence => writer.LogSequence;

    /// <summary>Whether a record of that sequence would survive a power cut.</summary>
    public bool IsDurable(ulong recordSequence) => _durableRecord >= recordSequence;

    /// <summary>Takes a role.</summary>
    public void BecomeRole(RaftState role)
    {
        Invariant.Require(RoleRules.MayFollow(Role, role), "a role is only followed by one that may come after it");
        if (role != Role && observers.IsHeard)
        {
            observers.Tell(new RaftStateObservation(role));
        }

        Role = role;
        board.State = role;
        if (role != RaftState.Follower)
        {
            gate.Close();
        }

        trace?.Role(role, Term);
    }

    /// <summary>How many terms it has begun in vain since it last knew a leader, while its newest configuration gives it no vote.</summary>
    public int VainCampaigns { get; private set; }

    /// <summary>Notes who leads the current term, or that nobody is known to.</summary>
    public void SetLeader(LeaderView leader)
    {
        VainCampaigns = leader.IsKnown ? 0 : VainCampaigns;
        if (Leader == leader)
        {
            return;
        }

        Leader = leader;
        if (observers.IsHeard)
        {
            observers.Tell(new LeaderObservation(leader.Id, leader.Address));
        }

        LeaderCommitIndex = 0;
        board.Leader = leader;
        gate.Promise.EndBefore(leader.IsKnown ? Term : 0);
        OpenGate();
    }

    /// <summary>Notes what the leader says is committed, whether or not the log reaches so far.</summary>
    public void NoteLeaderCommit(ulong commitIndex) => LeaderCommitIndex = Math.Max(LeaderCommitIndex, commitIndex);

    /// <summary>Appends entries, taking over the configurations among them.</summary>
    public void Append(LogSlice slice)
    {
        for (int i = 0; i < slice.Count; i++)
        {
            LogType type = slice.Batch.TypeAt(slice.Start + i);
            if (ConfigurationEntry.Holds(type))
            {
                Configurations.Append(
                    slice.FirstIndex + (ulong)i, ConfigurationEntry.Decode(type, slice[i].Data.Span));
                ConfigurationCommittedAt = null;
            }
        }

        ulong configurationIndex = Configurations.LatestIndex;
        Log.Append(slice);
        if (configurationIndex >= slice.FirstIndex)
        {
            trace?.Configuration(configurationIndex, Configuration);
        }

        Invariant.Require(Log.LastTerm <= Term, "no entry is of a later term than its log's owner");
        board.LastIndex = Log.LastIndex;
    }

    /// <summary>Drops entries that a leader's log contradicts.</summary>
    /// <param name="fromIndex">The first to go.</param>
    public void TruncateSuffix(ulong fromIndex)
    {
        Invariant.Require(
            fromIndex > CommitIndex || mutation == Mutation.TruncateWithoutCheck, "a committed entry is never truncated");
        Log.TruncateSuffix(fromIndex);
        if (mutation != Mutation.ConfigurationNotRolledBack && Configurations.TruncateSuffix(fromIndex))
        {
            ConfigurationCommittedAt = Configurations.LatestIndex <= CommitIndex ? TimeSpan.MinValue : null;
            trace?.Configuration(Configurations.LatestIndex, Configuration);
        }

        board.LastIndex = Log.LastIndex;
    }

    /// <summary>Notes that more is committed.</summary>
    public void AdvanceCommit(ulong commitIndex)
    {
        if (commitIndex <= CommitIndex)
        {
            return;
        }

        Invariant.Require(commitIndex <= Log.LastIndex, "only entries of the log are committed");
        CommitIndex = commitIndex;
        if (commitIndex >= Configurations.LatestIndex)
        {
            ConfigurationCommittedAt ??= clock.Now;
        }

        board.CommitIndex = commitIndex;
        trace?.Commit(commitIndex, Term);
        NoteCommitHint();
    }

    /// <summary>Takes a snapshot of the own state machine, which is durable. One that came too late changes nothing.</summary>
    public void TakeSnapshot(SnapshotMeta taken)
    {
        if (taken.Index <= Log.SnapshotIndex && mutation != Mutation.SnapshotIndexFalls)
        {
            return;
        }

        Snapshot = taken;
        Log.Cover(taken.Index, taken.Term);
        Configurations.TruncatePrefix(taken.Index);
        IsCompactionDue = true;
        trace?.Snapshot(taken, isInstalled: false);
    }

    /// <summary>Takes a leader's snapshot, which is durable and beyond what is committed here (§7).</summary>
    /// <returns>Whether the log was dropped.</returns>
    public bool InstallSnapshot(SnapshotMeta installed)
    {
        Invariant.Require(installed.Index > CommitIndex, "a snapshot of what is committed here already is not installed");
        trace?.Snapshot(installed, isInstalled: true);
        Snapshot = installed;
        bool isDropped = Log.Install(installed.Index, installed.Term);
        bool isRolledBack = isDropped && Configurations.TruncateSuffix(installed.Index + 1);
        if (Configurations.Install(installed.Point) || isRolledBack)
        {
            ConfigurationCommittedAt = TimeSpan.MinValue;
            trace?.Configuration(Configurations.LatestIndex, Configuration);
        }

        board.LastIndex = Log.LastIndex;
        IsCompactionDue = true;
        AdvanceCommit(installed.Index);
        return isDropped;
    }

    /// <summary>Takes the news that all log changes up to a sequence are durable.</summary>
    public void OnLogDurable(ulong sequence)
    {
        DurableLogSequence = sequence;
        Log.OnDurable(sequence);
        NoteCommitHint();
    }

    private void NoteCommitHint() => writer.CommitIndex = ApplicableIndex;

    private void Save(TermAndVote record, RejoinPoint? point = null)
    {
        gate.Close();
        Record = record;
        board.Term = record.Term;
        RecordSequence = point is { } rejoin ? writer.Save(rejoin, record) : writer.Save(record);
        trace?.TermAndVote(record, RecordSequence);
    }

    /// <summary>Lets heartbeats of the known leader pass beside the loop, where nothing has to be decided of them.</summary>
    public void OpenGate()
    {
        if (Role == RaftState.Follower && Leader.IsKnown && !Leader.Id.IsEmpty && IsRecordDurable)
        {
            gate.Open(Term, Leader);
        }
        else
        {
            gate.Close();
        }
    }
}
