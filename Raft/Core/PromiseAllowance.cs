using Raft.Storage;

namespace Raft.Core;

/// <summary>Lets longer promises be given once that is durable. Owned by the loop.</summary>
internal sealed class PromiseAllowance(LeasePromise promise, LogWriter writer)
{
    private ulong _sequence;
    private TimeSpan _most = promise.Most;

    /// <summary>The leader asks for a promise.</summary>
    /// <param name="wanted">For how long; zero for none.</param>
    /// <param name="record">Term and vote.</param>
    /// <returns>The sequence of the record that makes it possible; null where nothing has to be written.</returns>
    public ulong? Ask(TimeSpan wanted, TermAndVote record)
    {
        if (wanted <= _most)
        {
            return null;
        }

        _most = wanted;
        _sequence = writer.Save(wanted, record);
        return _sequence;
    }

    /// <summary>All records up to a sequence are durable.</summary>
    public void OnDurable(ulong sequence)
    {
        if (_sequence > 0 && sequence >= _sequence)
        {
            promise.Allow(_most);
        }
    }
}
