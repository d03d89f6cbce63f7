using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Raft.Observability;

/// <summary>Brings observations to one observer, on a task of its own, which alone may wait for it (W33).</summary>
internal sealed class ObserverPump(ServerId node, Observer observer, ILogger logger)
{
    private readonly Channel<Observation> _queue = Channel.CreateBounded<Observation>(
        new BoundedChannelOptions(Observer.PendingMax) { SingleReader = true });

    private volatile bool _isOff;

    /// <summary>Whom it serves.</summary>
    public Observer Observer => observer;

    /// <summary>Takes an observation, from any task.</summary>
    public void Offer(Observation observation)
    {
        if (!_queue.Writer.TryWrite(observation))
        {
            observer.NoteDropped();
        }
    }

    /// <summary>The node ends: what waits is still delivered, as far as there is room.</summary>
    public void Close() => _queue.Writer.TryComplete();

    /// <summary>The observer wants no more, not even what waits.</summary>
    public void TurnOff()
    {
        _isOff = true;
        Close();
    }

    /// <summary>The task.</summary>
    /// <param name="stopping">Ends the wait for a reader.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_queue.Reader.TryRead(out Observation? observation))
            {
                if (!_isOff && IsWanted(observation))
                {
                    await DeliverAsync(observation, stopping);
                }
            }
        }
    }

    private bool IsWanted(Observation observation)
    {
        try
        {
            return observer.Filter?.Invoke(observation) != false;
        }
        catch (Exception failure)
        {
            observer.NoteDropped();
            logger.ObserverFailed(node, failure.Message, failure);
            return false;
        }
    }

    private async Task DeliverAsync(Observation observation, CancellationToken stopping)
    {
        while (!observer.Channel.TryWrite(observation))
        {
            if (!observer.IsBlocking || !await HasRoomAsync(stopping) || _isOff)
            {
                observer.NoteDropped();
                return;
            }
        }

        observer.NoteObserved();
    }

    private async Task<bool> HasRoomAsync(CancellationToken stopping)
    {
        try
        {
            return await observer.Channel.WaitToWriteAsync(stopping);
        }
        catch (Exception failure) when (failure is OperationCanceledException or ChannelClosedException)
        {
            return false;
        }
    }
}
