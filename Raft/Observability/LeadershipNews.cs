using System.Threading.Channels;
using Raft.Timing;

namespace Raft.Observability;

/// <summary>
/// Says when the node gains and loses leadership: true and false, in turn. Whoever does not read holds nothing up and, when
/// it does, reads the newest (W33).
/// </summary>
internal sealed class LeadershipNews
{
    private readonly Channel<bool> _newest = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly WakeSignal _wake = new();

    // Odd while this node leads.
    private long _changeCount;
    private volatile bool _isClosed;

    /// <summary>Leadership's news.</summary>
    /// <param name="told">A channel of the application; null where there is none.</param>
    /// <param name="tasks">The task that writes to it.</param>
    public LeadershipNews(ChannelWriter<bool>? told, TaskGroup tasks)
    {
        if (told is not null)
        {
            tasks.Start("leadership notifications", () => RunAsync(told, tasks.Stopping));
        }
    }

    /// <summary>The newest change that nobody has read.</summary>
    public ChannelReader<bool> Newest => _newest.Reader;

    /// <summary>The node gained leadership, or lost what it had. Called by the loop, in turn.</summary>
    public void Tell(bool isLeader)
    {
        long count = Interlocked.Increment(ref _changeCount);
        Invariant.Require(count % 2 == (isLeader ? 1 : 0), "leadership is gained and lost in turn");
        _newest.Writer.TryWrite(isLeader);
        _wake.Set();
    }

    /// <summary>Nothing more will be told.</summary>
    public void Close()
    {
        _newest.Writer.TryComplete();
        _isClosed = true;
        _wake.Set();
    }

    private async Task RunAsync(ChannelWriter<bool> told, CancellationToken stopping)
    {
        long toldCount = 0;
        while (true)
        {
            bool isLast = _isClosed;
            while (Interlocked.Read(ref _changeCount) is var count && count > toldCount)
            {
                // Whatever the application's channel throws: it is told no more, and the node goes on.
                switch (await TryTellAsync(told, toldCount % 2 == 0, stopping))
                {
                    case true:
                        // Of what happened while there was no room, a gain and its loss are left out together.
                        toldCount = count - ((count - toldCount - 1) % 2);
                        break;
                    case false:
                        return;
                    default:
                        break;
                }
            }

            if (isLast)
            {
                return;
            }

            await _wake.WaitAsync();
        }
    }

    /// <returns>True where it was told; null where there may be room now, so that the newest can be tried; false for never.</returns>
    private static async ValueTask<bool?> TryTellAsync(ChannelWriter<bool> told, bool isLeader, CancellationToken stopping)
    {
        try
        {
            return told.TryWrite(isLeader) ? true : await told.WaitToWriteAsync(stopping) ? null : false;
        }
        catch (Exception failure) when (failure is not RaftFatalException)
        {
            return false;
        }
    }
}
