using System.Globalization;
using Raft.Fsm.Sample.Admin;
using Raft.Fsm.Sample.CommandLine;
using Raft.Fsm.Sample.Import;
using Raft.Fsm.Sample.Node;
using Raft.Fsm.Sample.Stores;
using Raft.Stores.Wal;

namespace Raft.Fsm.Sample.Repair;

/// <summary>
/// Prepares a node whose data are damaged to join its cluster anew: it is removed from the configuration, then its data are set aside.
/// A voter that lost what it acknowledged must not vote again by what it remembers; so it is removed before it begins a new life, as a
/// nonvoter that remembers nothing.
/// </summary>
/// <remarks>
/// From before the removal until the new life has noted it, a <see cref="RepairNote"/> keeps every other start of the node away. To run it
/// again, wherever it was interrupted, finds by the note, the directory and the configuration what is left to do.
/// </remarks>
/// <param name="options">The node, as it is to run.</param>
/// <param name="via">A member of the cluster.</param>
/// <param name="isForced">Whether data that are whole are set aside, too.</param>
/// <param name="output">Where each step is told.</param>
internal sealed class NodeRepair(NodeOptions options, Uri via, bool isForced, TextWriter output)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly string _directory = RealPath.Of(options.Data);
    private readonly RealDisk _disk = new();

    /// <summary>After how long without an answer a server counts as down.</summary>
    private TimeSpan Silence => options.Heartbeat * 2;

    /// <summary>Prepares the node. On return it is to be started with <c>--join</c>.</summary>
    /// <param name="note">The directory's.</param>
    /// <exception cref="AdminException">It is refused, and what to do is said; or the cluster did not answer.</exception>
    /// <exception cref="StoreException">The node runs, or its directory cannot be set aside.</exception>
    /// <exception cref="UsageException">An address cannot be listened on.</exception>
    public async Task PrepareAsync(RepairNote note)
    {
        RepairGround ground = await RepairGround.ReadAsync(_directory);
        foreach (string damage in ground.Damage)
        {
            await SayAsync($"damaged: {damage}");
        }

        // What listens there may be the node itself; and it is to be started when its old data are out of the way.
        PortCheck.RequireFree(options.Raft.Resolve(), $"--raft {options.Raft}", "another address");
        PortCheck.RequireFree(options.Http.Resolve(), $"--http {options.Http}", "another address");
        using var cluster = new ClusterContact(via, options.Id);
        if (note.IsBegun || !await IsNewLifeAsync(ground, cluster))
        {
            await RemoveAsync(cluster, note);
            if (ground.State != RepairState.Blank)
            {
                await SayAsync($"its data are set aside: {await SetAside.MoveAsync(_directory, TimeProvider.System.GetUtcNow(), _disk)}");
            }
        }

        // Where the directory is a link, what it leads to is there again.
        await _disk.CreateDirectoryAsync(_directory);
        await SayAsync($"it joins anew by {via}");
    }

    /// <summary>Whether nothing is to be repaired and the node only needs to go on joining.</summary>
    private async Task<bool> IsNewLifeAsync(RepairGround ground, ClusterContact cluster)
    {
        if (ground.State == RepairState.Blank)
        {
            throw new AdminException(
                $"{options.Data} holds nothing to repair; is the path right? A node that lost its disk comes back by raftkv node --join {via}");
        }

        if (ground.State != RepairState.Whole || isForced)
        {
            return false;
        }

        if (ground.WasSetAside && (await cluster.LookAsync()).Find(options.Id) is not { IsVoter: true })
        {
            return true;
        }

        throw new AdminException(
            $"nothing in {options.Data} is damaged (raftkv log verify): start the node as usual. With --force its data are set aside all the same");
    }

    private async Task RemoveAsync(ClusterContact cluster, RepairNote note)
    {
        ClusterView view = await cluster.LookAsync();
        bool isMember = view.Find(options.Id) is not null;
        if (isMember)
        {
            view = await RequireSilentAsync(view, cluster);
            if (RemovalRules.WhyNot(view, options.Id, Silence) is { } why)
            {
                throw new AdminException($"{why}. Nothing was changed");
            }
        }
        else if (!note.IsBegun && !isForced)
        {
            throw new AdminException(
                $"{options.Id} is no member of the cluster of {string.Join(", ", view.Members.Select(m => m.Id))}, to which {via} leads: is that the right one? "
                + "With --force it becomes one all the same. Nothing was changed");
        }

        bool wasBegun = note.IsBegun;
        if (wasBegun && note.Members.Count > 0 && !note.Members.Intersect(view.Members.Select(m => m.Id)).Any())
        {
            throw new AdminException(
                $"this repair was begun in the cluster of {string.Join(", ", note.Members)}, and {via} leads to that of "
                + $"{string.Join(", ", view.Members.Select(m => m.Id))}. Nothing was changed");
        }

        await note.BeginAsync(options.Id, view.Members.Select(m => m.Id).Where(id => id != options.Id));
        try
        {
            // A node that was started before the note was there holds its directory; one that is started from now on finds the note.
            (await DataDirectory.HoldUnchangedAsync(_directory, new ReadOnlyDisk())).Dispose();
        }
        catch (StoreLockedException) when (!wasBegun)
        {
            await note.EndAsync();
            throw;
        }

        // Also where it is none: its removal may stand in the leader's log and not be committed yet.
        ulong index = await cluster.RemoveAsync(Silence);
        await SayAsync(string.Create(
            CultureInfo.InvariantCulture, $"{(isMember ? "it was removed" : "it is no member, which is committed")} by entry {index}"));
    }

    /// <summary>Waits until the server has not answered one and the same leader for so long that it is down.</summary>
    private async Task<ClusterView> RequireSilentAsync(ClusterView view, ClusterContact cluster)
    {
        var watch = new SilenceWatch(options.Id, Silence);
        while (!watch.IsDown(view))
        {
            await Task.Delay(Pause);
            view = await cluster.LookAsync();
        }

        return view;
    }

    private Task SayAsync(string what) => output.WriteLineAsync(CommandTable.OneLine($"raftkv repair: {options.Id}: {what}"));
}
