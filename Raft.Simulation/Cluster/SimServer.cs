using Microsoft.Extensions.Logging.Abstractions;
using Raft.Simulation.Disk;
using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;
using Raft.Simulation.Network;
using Raft.Simulation.Workloads;
using Raft.Storage;
using Raft.Stores.Wal;

namespace Raft.Simulation.Cluster;

/// <summary>
/// One server: a machine with a clock and a disk, on which processes come and go. Each process opens the real
/// write-ahead log on the simulated disk and runs a real node on it.
/// </summary>
internal sealed class SimServer
{
    private const string Directory = "/data";

    private readonly ServerSetup _setup;

    // Not completed asynchronously: Task.WhenAny would carry such a completion over to the thread pool. Who waits for
    // it waits on a scheduler of its own, so nothing runs within.
    private TaskCompletionSource _gone = new();
    private bool _hadDiskFault;
    private WalStore? _store;
    private ApplyResult? _removal;
    private bool _isReplaced;
    private OfflineRecovery? _recovery;

    public SimServer(ServerSetup setup, int machine)
    {
        _setup = setup;
        Machine = machine;
        Address = SimAddress.Of(machine);
        Clock = new MachineClock(setup.Kernel);
        Disk = new SimDisk(setup.Kernel, setup.Plan.Disk);
    }

    /// <summary>Its number.</summary>
    public int Machine { get; }

    /// <summary>Its name, also after it lost its disk.</summary>
    public ServerId Id => ClusterLedger.NameOf(Machine);

    /// <summary>Its address.</summary>
    public ServerAddress Address { get; }

    /// <summary>Its machine's clock.</summary>
    public MachineClock Clock { get; }

    /// <summary>Its machine's disk.</summary>
    public SimDisk Disk { get; }

    /// <summary>How it stands.</summary>
    public ServerCondition Condition { get; private set; }

    /// <summary>The present process; null before the first.</summary>
    public SimProcess? Process { get; private set; }

    /// <summary>The present node; null while there is none.</summary>
    public RaftNode? Node { get; private set; }

    /// <summary>What hears the present node; null while there is none.</summary>
    public NodeWatch? Watch { get; private set; }

    /// <summary>The present node's state machine.</summary>
    public IFsm? Fsm { get; private set; }

    /// <summary>The present node's transport.</summary>
    public SimTransport? Transport { get; private set; }

    /// <summary>What happened here.</summary>
    public Coverage Coverage { get; } = new();

    /// <summary>Whether its disk lost synced bytes: then its store may refuse.</summary>
    public bool HasRot { get; set; }

    /// <summary>Whether it stays down for good.</summary>
    public bool IsLeftDown { get; set; }

    /// <summary>Whether its disk was lost: it stays down until its removal is committed.</summary>
    public bool HasLostDisk { get; private set; }

    /// <summary>Completes when the present process is gone: whoever waits for an answer of it waits in vain.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Called when a process ended by itself.</summary>
    public Action<SimServer>? OnExit { get; set; }

    /// <summary>Called before its log is truncated (false) and after (true).</summary>
    public Action<bool>? OnTruncation { get; set; }

    private StoreModel Model => _setup.Ledger.Stores[Machine];

    /// <summary>Starts a process.</summary>
    public void Start()
    {
        if (IsLeftDown || HasLostDisk)
        {
            return;
        }

        Condition = ServerCondition.Starting;
        Coverage.Hit(Happening.Restart);
        _hadDiskFault = Disk.Faults.IsOn;
        _gone = new TaskCompletionSource();
        Process = _setup.Kernel.NewProcess(Id.ToString(), Clock);
        _setup.Network.SetPower(Machine, isOn: true);
        _setup.Kernel.Log?.Invoke(_setup.Kernel.Now, $"{Id} starts");
        _ = Process.Start(LiveAsync);
    }

    /// <summary>Kills the process. Without power the machine answers nothing at all, and forgets what was not synced.</summary>
    public void Crash(bool isPowerCut)
    {
        if (Condition is ServerCondition.Down or ServerCondition.Refused)
        {
            return;
        }

        _setup.Kernel.Log?.Invoke(_setup.Kernel.Now, $"{Id} {(isPowerCut ? "loses power" : "is killed")}");
        Coverage.Hit(isPowerCut ? Happening.PowerCut : Happening.ProcessCrash);
        Disk.CrashAtNextChange = null;
        Process!.Kill();
        Process.WasCrashed = true;
        _setup.Network.SetPower(Machine, isOn: !isPowerCut);
        if (Transport is not null)
        {
            _setup.Network.Detach(Transport);
        }

        if (isPowerCut)
        {
            Disk.CutPower();
        }
        else
        {
            Disk.CrashProcess();
        }

        End(ServerCondition.Down);
    }

    /// <summary>Loses its disk, and with it everything that it ever promised. It stays down until it is a blank server.</summary>
    public void LoseDisk()
    {
        Crash(isPowerCut: true);
        Disk.Wipe();
        HasLostDisk = true;
        Coverage.Hit(Happening.ServerWiped);
        _setup.Ledger.Wiped(Machine);
        _setup.Kernel.Log?.Invoke(_setup.Kernel.Now, $"{Id} has lost its disk");
    }

    /// <summary>Nobody counts on what it promised any more: it may start again, as a blank server.</summary>
    /// <param name="removal">Where its removal was committed; null where the cluster knows it as a new one.</param>
    public void BecomeBlank(ApplyResult? removal)
    {
        HasLostDisk = false;
        _isReplaced = true;
        _removal = removal;
        Start();
    }

    /// <summary>Starts again as all that is left, once it is recovered.</summary>
    /// <param name="configuration">The members from now on.</param>
    /// <param name="onDone">Called when it is.</param>
    public void Recover(ClusterConfiguration configuration, Action onDone)
    {
        _recovery = new OfflineRecovery(this, _setup.Kernel, _setup.Ledger, configuration, onDone);
        Start();
    }

    /// <summary>Asks the node to end (SIGTERM).</summary>
    public void Stop()
    {
        if (Condition == ServerCondition.Up)
        {
            Condition = ServerCondition.Stopping;
            _ = Node!.ShutdownAsync();
        }
    }

    /// <summary>Its disk is faulty from now on, or was.</summary>
    public void NoteDiskFault() => _hadDiskFault = true;

    /// <summary>The life of one process.</summary>
    private async Task LiveAsync()
    {
        try
        {
            var options = new WalOptions
            {
                SegmentBytes = _setup.Plan.SegmentBytes,
                NextSalt = _setup.Kernel.Random.NextBits,
            };
            IDisk disk = Disk.Mount(Process!);
            _store = await WalStore.OpenAsync(Directory, disk, options, _setup.Bug.Store);
            FileSnapshotStore snapshots = await FileSnapshotStore.OpenAsync(
                Directory, disk, new FileSnapshotOptions { TimeProvider = Process!.Time }, _setup.Bug.Store);
            await RunNodeAsync(_store, snapshots);
        }
        catch (Exception failure)
        {
            await FailedAsync(failure);
            return;
        }

        if (Condition != ServerCondition.Stopping)
        {
            _setup.Ledger.Violated(Rule.NodeRuns, $"{Id} ended, which nobody had asked it to");
        }

        await CloseAsync(ServerCondition.Down);
    }

    private async Task RunNodeAsync(WalStore store, FileSnapshotStore kept)
    {
        await Reopening.CheckAsync(store, await kept.ListAsync(), Machine, _setup.Ledger);
        var log = new WatchedLogStore(store.Log, Machine, _setup.Ledger, Coverage) { OnTruncation = OnTruncation };
        var stable = new WatchedStableStore(store.Stable, Model);
        var snapshots = new WatchedSnapshotStore(kept, Model.Snapshots, Coverage);
        if (_recovery is not null)
        {
            IFsm tool = WatchedFsm.Around(_setup.NewFsm(), _setup.Kernel, _setup.Ledger, Id, PersistAsync);
            await _recovery.GoOnAsync(Config(), tool, log, stable, snapshots, _setup.Runtime(Process!, Watch));
        }

        bool isBlank = !await RaftNode.HasStateAsync(log, stable, snapshots);
        Founding founding = _setup.Plan.Founding;
        bool isFounder = !_isReplaced && _setup.Founders.IsVoter(Id) && (Machine == 0 || founding == Founding.EachVoterOffline);
        if (isBlank && isFounder && founding != Founding.OneVoterLive)
        {
            await RaftNode.BootstrapAsync(log, stable, snapshots, _setup.Founders);
        }

        if (isBlank && _removal is { } removal)
        {
            await RaftNode.RejoinAsync(Id, log, stable, snapshots, new RejoinPoint(removal.Index, removal.Term));
        }

        IFsm fsm = await _setup.OpenFsmAsync(Disk.Mount(Process!), Process!, Coverage);
        Fsm = fsm;
        Watch = new NodeWatch(_setup.Kernel, _setup.Ledger, Coverage, Machine, () => _setup.StateOf(fsm))
        {
            // The leader measures on a clock that may run at half the true rate.
            TargetPatience = _setup.Config.ElectionTimeout * 2.5,
            HeldIndex = (fsm as IDurableFsm)?.Applied.Index ?? 0,
        };
        log.OnDrop = Watch.OnDrop;
        Transport = new SimTransport(_setup.Network, Process!, Machine, Address);
        IFsm watched = WatchedFsm.Around(fsm, _setup.Kernel, _setup.Ledger, Id, PersistAsync);
        Node = await RaftNode.StartAsync(Config(), watched, log, stable, snapshots, Transport, _setup.Runtime(Process!, Watch));
        Condition = ServerCondition.Up;
        if (isBlank && isFounder && founding == Founding.OneVoterLive)
        {
            await FoundAsync(Node);
        }

        await Node.Completion;
    }

    /// <summary>Some snapshots are written at once, others take long: so some are overtaken.</summary>
    private Task PersistAsync(CancellationToken stopping) =>
        _setup.Plan.PersistMax == TimeSpan.Zero || _setup.Kernel.Random.Chance(0.5)
            ? Task.CompletedTask
            : Task.Delay(_setup.Kernel.Random.Between(TimeSpan.Zero, _setup.Plan.PersistMax), Process!.Time, stopping);

    private async Task FoundAsync(RaftNode node)
    {
        try
        {
            await node.BootstrapClusterAsync(_setup.Founders);
        }
        catch (RaftException)
        {
            // A leader was heard already, or the node ended meanwhile, of which its completion tells.
        }
    }

    private async Task FailedAsync(Exception failure)
    {
        _setup.Kernel.Log?.Invoke(_setup.Kernel.Now, $"{Id} fails: {failure.Message}");
        if (HasRot && NodeFailure.IsDamage(failure))
        {
            Coverage.Hit(Happening.DamageRefused);
            await CloseAsync(ServerCondition.Refused);
            return;
        }

        if (!_hadDiskFault || !NodeFailure.IsOfDisk(failure))
        {
            _setup.Ledger.Violated(
                NodeFailure.IsDamage(failure) ? Rule.SyncedData : Rule.NodeRuns, $"{Id} stopped by itself: {failure.Message}");
        }

        await CloseAsync(ServerCondition.Down);
    }

    private async Task CloseAsync(ServerCondition next)
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        // The node has told its callers; they hear of it on tasks of their own.
        await Task.Delay(TimeSpan.FromMilliseconds(100), Process!.Time);
        Process.Kill();
        if (Transport is not null)
        {
            _setup.Network.Detach(Transport);
        }

        Disk.CrashProcess();
        End(next);
        if (next != ServerCondition.Refused)
        {
            OnExit?.Invoke(this);
        }
    }

    private void End(ServerCondition next)
    {
        Condition = next;
        Node = null;
        Watch = null;
        Transport = null;
        Fsm = null;
        _store = null;
        _gone.TrySetResult();
    }

    private RaftConfig Config() => _setup.Config with
    {
        LocalId = Id,
        LeaderLeaseTimeout = _setup.Config.LeaderLeaseTimeout == _setup.Plan.Lease ? _setup.Plan.LeaseOf(Machine) : _setup.Config.LeaderLeaseTimeout,
        TimeProvider = Process!.Time,
        Seed = _setup.Kernel.Random.Next(int.MaxValue),
        LoggerFactory = _setup.Kernel.Log is null ? NullLoggerFactory.Instance : new SimLoggerFactory(_setup.Kernel),
    };
}
