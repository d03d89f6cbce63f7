using Raft.Simulation.Invariants;
using Raft.Simulation.Kernel;

namespace Raft.Simulation.Workloads;

/// <summary>Stands before a server's state machine and tells what it applies, and where it throws.</summary>
internal class WatchedFsm : IFsm
{
    private const int PieceBytes = 61;

    private readonly IFsm _inner;
    private readonly SimKernel _kernel;
    private readonly ClusterLedger _ledger;
    private readonly ServerId _server;
    private readonly Func<CancellationToken, Task> _persist;

    protected WatchedFsm(IFsm inner, SimKernel kernel, ClusterLedger ledger, ServerId server, Func<CancellationToken, Task> persist)
    {
        _persist = persist;
        _inner = inner;
        _kernel = kernel;
        _ledger = ledger;
        _server = server;
    }

    /// <summary>Stands before a state machine.</summary>
    /// <param name="fsm">The state machine.</param>
    /// <param name="kernel">Where everything happens.</param>
    /// <param name="ledger">What is true.</param>
    /// <param name="server">Whose it is.</param>
    /// <param name="persist">Takes the time that it takes to write a snapshot.</param>
    public static IFsm Around(IFsm fsm, SimKernel kernel, ClusterLedger ledger, ServerId server, Func<CancellationToken, Task> persist) =>
        fsm is IBatchingFsm batching ? new WatchedBatchingFsm(batching, kernel, ledger, server, persist)
        : fsm is IDurableFsm durable ? new WatchedDurableFsm(durable, kernel, ledger, server, persist)
        : new WatchedFsm(fsm, kernel, ledger, server, persist);

    /// <inheritdoc/>
    public virtual object? Apply(LogEntry entry)
    {
        Tell(entry);
        try
        {
            return _inner.Apply(entry);
        }
        catch (Exception thrown)
        {
            Threw(entry, thrown);
            throw;
        }
    }

    /// <inheritdoc/>
    public IFsmSnapshot Snapshot() => new Buffered(_inner.Snapshot(), _persist);

    /// <inheritdoc/>
    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        using MemoryStream whole = await ReadAsync(snapshot, cancellationToken);
        await _inner.RestoreAsync(whole, cancellationToken);
    }

    /// <summary>
    /// Reads a snapshot into one piece, so that helpers of the base library, which would leave the simulation, have nothing to wait
    /// for.
    /// </summary>
    private static async Task<MemoryStream> ReadAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        var whole = new MemoryStream();
        byte[] piece = new byte[PieceBytes];
        for (int read; (read = await snapshot.ReadAsync(piece, cancellationToken)) > 0;)
        {
            whole.Write(piece, 0, read);
        }

        whole.Position = 0;
        return whole;
    }

    protected void Tell(LogEntry entry) =>
        _kernel.Log?.Invoke(_kernel.Now, $"{_server} applies entry {entry.Index}: {CommandText.Of(entry.Data.Span)}");

    protected void Threw(LogEntry entry, Exception thrown) => _ledger.Violated(
        Rule.Applies,
        $"{_server} threw while it applied entry {entry.Index}: {CommandText.Of(entry.Data.Span)}\n{thrown}");

    private void GivenAgain(string how) => _ledger.Violated(Rule.Kept, $"{_server}'s state machine {how}");

    /// <summary>Writes the state in one piece into memory, and hands it on in small ones.</summary>
    private sealed class Buffered(IFsmSnapshot inner, Func<CancellationToken, Task> persist) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
        {
            using var whole = new MemoryStream();
            await inner.PersistAsync(whole, cancellationToken);
            byte[] bytes = whole.ToArray();
            await persist(cancellationToken);
            for (int at = 0; at < bytes.Length; at += PieceBytes)
            {
                await destination.WriteAsync(bytes.AsMemory(at, Math.Min(PieceBytes, bytes.Length - at)), cancellationToken);
            }
        }

        public void Dispose() => inner.Dispose();
    }

    /// <summary>Holds the node to what it must not ask of a state machine that keeps its own state: what it has already.</summary>
    private sealed class WatchedDurableFsm(
        IDurableFsm inner, SimKernel kernel, ClusterLedger ledger, ServerId server, Func<CancellationToken, Task> persist)
        : WatchedFsm(inner, kernel, ledger, server, persist), IDurableFsm
    {
        /// <inheritdoc/>
        public AppliedPoint Applied => inner.Applied;

        /// <inheritdoc/>
        public override object? Apply(LogEntry entry)
        {
            RequireNews("is given entry", entry.Index);
            return base.Apply(entry);
        }

        /// <inheritdoc/>
        public async Task RestoreAsync(Stream snapshot, AppliedPoint at, CancellationToken cancellationToken)
        {
            RequireNews("is restored to entry", at.Index);
            using MemoryStream whole = await ReadAsync(snapshot, cancellationToken);
            await inner.RestoreAsync(whole, at, cancellationToken);
        }

        private void RequireNews(string what, ulong index)
        {
            if (index <= inner.Applied.Index)
            {
                GivenAgain($"{what} {index}, and has all to {inner.Applied.Index}");
            }
        }
    }

    private sealed class WatchedBatchingFsm(
        IBatchingFsm inner, SimKernel kernel, ClusterLedger ledger, ServerId server, Func<CancellationToken, Task> persist)
        : WatchedFsm(inner, kernel, ledger, server, persist), IBatchingFsm
    {
        /// <inheritdoc/>
        public void ApplyBatch(ReadOnlySpan<LogEntry> entries, Span<object?> responses)
        {
            foreach (LogEntry entry in entries)
            {
                Tell(entry);
            }

            try
            {
                inner.ApplyBatch(entries, responses);
            }
            catch (Exception thrown)
            {
                Threw(entries[0], thrown);
                throw;
            }
        }
    }
}
