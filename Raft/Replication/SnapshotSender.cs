using Raft.Core;
using Raft.Observability;

namespace Raft.Replication;

/// <summary>
/// Sends one follower the newest snapshot, where the entries that it needs are let go of (§7). Meanwhile, and until the
/// follower has caught up behind it, the log behind the snapshot stays. Owned by the follower's replicator.
/// </summary>
internal sealed class SnapshotSender(Leadership leadership, Peer peer)
{
    private const int Version = 1;

    private readonly HashSet<string> _damaged = new(StringComparer.Ordinal);

    private NodeState State => leadership.State;

    /// <summary>Sends the newest snapshot and waits until the follower has it.</summary>
    /// <param name="leastIndex">The entry that it must cover.</param>
    /// <returns>Whether it has.</returns>
    /// <exception cref="RaftException">It was not sent, or not taken.</exception>
    public async Task<bool> SendAsync(ulong leastIndex)
    {
        bool isInstalled = false;
        try
        {
            isInstalled = await SendNewestAsync(leastIndex);
            return isInstalled;
        }
        finally
        {
            if (!isInstalled)
            {
                peer.Pin.Fail();
            }
        }
    }

    private async Task<bool> SendNewestAsync(ulong leastIndex)
    {
        peer.Progress.BeginSnapshot();
        peer.Pin.Set(State.Log.FirstIndex);
        await using ISnapshotSource snapshot = await OpenNewestAsync(leastIndex);
        peer.Pin.Set(snapshot.Meta.Index + 1);
        leadership.Logger.SendingSnapshot(State.LocalId, peer.Server, snapshot.Meta.Id, snapshot.Meta.Size);
        TimeSpan sentAt = leadership.Clock.Now;
        ulong round = leadership.Round;
        InstallSnapshotResponse answer;
        using var pace = new SnapshotPace(leadership.Clock, leadership.Config.Limits.SnapshotSendBytesPerSecond, peer.Stopping);
        try
        {
            answer = await leadership.Transport.InstallSnapshotAsync(
                peer.Server, RequestFor(snapshot.Meta), new WatchedBody(snapshot, peer.Pin, pace), peer.Stopping);
        }
        catch (StoreException)
        {
            // It cannot be read to its end: another one must do.
            _damaged.Add(snapshot.Meta.Id);
            throw;
        }

        peer.RequireFrom(answer);
        peer.Meter.SnapshotAnswered(sentAt);
        if (answer.Term > leadership.Term)
        {
            peer.SawHigherTerm(answer.Term);
            return false;
        }

        if (!answer.Success || answer.Term != leadership.Term)
        {
            leadership.Logger.SnapshotNotSent(State.LocalId, peer.Server, "it refused the snapshot");
            return false;
        }

        leadership.Logger.SnapshotSent(peer.Server, snapshot.Meta.Index);
        peer.Progress.Installed(snapshot.Meta.Index);
        peer.Pin.CatchUp(snapshot.Meta.Index);
        peer.ToldCommitIndex = Math.Max(peer.ToldCommitIndex, snapshot.Meta.Index);
        peer.Acknowledged(peer.Progress.MatchIndex, sentAt, round);
        return true;
    }

    /// <summary>Opens the newest snapshot that can be opened, if the log goes on where it ends.</summary>
    private async ValueTask<ISnapshotSource> OpenNewestAsync(ulong leastIndex)
    {
        StoreException? damage = null;
        foreach (SnapshotMeta kept in await leadership.Snapshots.ListAsync())
        {
            if (kept.Index + 1 < State.Log.FirstIndex || kept.Index < leastIndex)
            {
                break;
            }

            if (_damaged.Contains(kept.Id))
            {
                continue;
            }

            try
            {
                return await leadership.Snapshots.OpenAsync(kept.Id);
            }
            catch (StoreException failure)
            {
                _damaged.Add(kept.Id);
                damage ??= failure;
            }
        }

        leadership.NeedSnapshot();
        throw damage ?? new StoreException(
            $"entries up to {Math.Max(State.Log.FirstIndex - 1, leastIndex)} are not sent, and there is no snapshot of them in the store");
    }

    private InstallSnapshotRequest RequestFor(SnapshotMeta snapshot) => new(State.Header)
    {
        SnapshotVersion = Version,
        Term = leadership.Term,
        Leader = State.LocalAddress,
        LastLogIndex = snapshot.Index,
        LastLogTerm = snapshot.Term,
        Configuration = ConfigurationEncoding.Encode(snapshot.Point.Configuration),
        ConfigurationIndex = snapshot.Point.ConfigurationIndex,
        Size = snapshot.Size,
    };

    /// <summary>The bytes, at their pace, telling the pin that they are taken.</summary>
    private sealed class WatchedBody(ISnapshotBody inner, LogPin pin, SnapshotPace pace) : ISnapshotBody
    {
        public async ValueTask<int> ReadAsync(Memory<byte> buffer)
        {
            pin.Touch();
            await pace.WaitAsync();
            int count = await inner.ReadAsync(buffer);
            pace.Took(count);
            return count;
        }
    }
}
