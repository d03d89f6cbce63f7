using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Raft.Observability;

/// <summary>
/// Brings observations to one observer, on a task of its own, which alone may wait for it (W33). Whatever the observer's filter
/// or channel throws costs it the observation, and nobody else anything.
/// </summary>
internal sealed class ObserverPump(ServerId node, Observer observer, ILogger logger)
{
    private readonly Channel<Observation> _queue = Channel.CreateBounded<Observation>(
        new BoundedChannelOptions(Observer.PendingMax) { SingleReader = true });

    // Ends the wait for the observer's reader.
    private readonly CancellationTokenSource _end = new();
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
        _end.Cancel();
        Close();
    }

    /// <summary>The task.</summary>
    /// <param name="stopping">Ends the wait for a reader.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        using CancellationTokenRegistration stop = stopping.Register(_end.Cancel);
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_queue.Reader.TryRead(out Observation? observation))
            {
                if (!_isOff && !await TryDeliverAsync(observation))
                {
                    observer.NoteDropped();
                }
            }
        }
    }

    /// <returns>False where an observation that was wanted was not delivered.</returns>
    private async ValueTask<bool> TryDeliverAsync(Observation observation)
    {
        try
        {
            if (observer.Filter?.Invoke(observation) == false)
            {
                return true;
            }

            while (!observer.Channel.TryWrite(observation))
            {
                if (!observer.IsBlocking || !await observer.Channel.WaitToWriteAsync(_end.Token))
                {
                    return false;
                }
            }

            observer.NoteObserved();
            return true;
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception failure)
        {
            logger.ObserverFailed(node, failure.Message, failure);
            return false;
        }
    }
}
