using Raft.Rpc;

namespace Raft;

/// <summary>
/// Servers of one process that reach each other without sockets: for tests, examples and simulations. Messages are
/// handed over by reference and at once, on the caller's task.
/// </summary>
/// <remarks>
/// Used from any thread. It starts no task, and completes calls so that their continuations run on the scheduler that
/// awaits them: on a deterministic scheduler a run repeats exactly.
/// </remarks>
/// <param name="timeProvider">The clock of all timeouts.</param>
public sealed class InMemoryNetwork(TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ServerAddress, InMemoryTransport> _transports = [];
    private readonly Dictionary<(ServerAddress From, ServerAddress To), InMemoryLink> _links = [];
    // Sorted: in what order calls fail must not depend on a hash.
    private readonly SortedDictionary<long, InMemoryExchange> _exchanges = [];
    private long _sequence;

    internal TimeProvider TimeProvider => timeProvider;

    /// <summary>Adds a server.</summary>
    /// <param name="address">Its address, any text.</param>
    /// <param name="timeout">How long its calls may take; 10 seconds by default.</param>
    /// <returns>Its transport.</returns>
    /// <exception cref="ArgumentException">The address is empty or taken.</exception>
    public InMemoryTransport CreateTransport(ServerAddress address, TimeSpan? timeout = null)
    {
        if (address.IsEmpty)
        {
            throw new ArgumentException("A server needs an address.", nameof(address));
        }

        var transport = new InMemoryTransport(this, address, timeout ?? TimeSpan.FromSeconds(10));
        lock (_gate)
        {
            return _transports.TryAdd(address, transport)
                ? transport
                : throw new ArgumentException($"{address} is in use by another server of this network.", nameof(address));
        }
    }

    /// <summary>
    /// Sets what becomes of messages in one direction; requests one way need the other way for their answers. Where it
    /// is disconnected, pipelines and calls of either side over it end.
    /// </summary>
    /// <param name="from">The sender.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="link">What becomes of its messages.</param>
    public void SetLink(ServerAddress from, ServerAddress to, InMemoryLink link)
    {
        lock (_gate)
        {
            _links[(from, to)] = link;
        }

        if (link == InMemoryLink.Disconnected)
        {
            End(
                e => (e.Source == from && e.Target == to) || (e.Source == to && e.Target == from),
                TransportFailure.Broken, $"{from} was disconnected from {to}");
        }
    }

    /// <summary>Cuts both directions between each of some servers and each of some others.</summary>
    /// <param name="side">Some servers.</param>
    /// <param name="other">The others.</param>
    /// <param name="link">What becomes of messages between them.</param>
    public void Partition(
        IReadOnlyCollection<ServerAddress> side, IReadOnlyCollection<ServerAddress> other,
        InMemoryLink link = InMemoryLink.Disconnected)
    {
        foreach (ServerAddress a in side)
        {
            foreach (ServerAddress b in other)
            {
                SetLink(a, b, link);
                SetLink(b, a, link);
            }
        }
    }

    /// <summary>Cuts one server off from all others that the network knows.</summary>
    /// <param name="address">The server.</param>
    /// <param name="link">What becomes of messages from and to it.</param>
    public void Isolate(ServerAddress address, InMemoryLink link = InMemoryLink.Disconnected)
    {
        ServerAddress[] others;
        lock (_gate)
        {
            others = [.. _transports.Keys.Where(a => a != address).OrderBy(static a => a.Value, StringComparer.Ordinal)];
        }

        Partition([address], others, link);
    }

    /// <summary>Connects everyone with everyone again.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _links.Clear();
        }
    }

    internal InMemoryLink LinkOf(ServerAddress from, ServerAddress to)
    {
        lock (_gate)
        {
            return _links.GetValueOrDefault((from, to));
        }
    }

    internal InMemoryTransport? Find(ServerAddress address)
    {
        lock (_gate)
        {
            return _transports.GetValueOrDefault(address);
        }
    }

    /// <summary>Adds a call or pipeline, so that it ends with its link.</summary>
    internal void Add(InMemoryExchange exchange)
    {
        lock (_gate)
        {
            exchange.Sequence = ++_sequence;
            _exchanges.Add(exchange.Sequence, exchange);
        }
    }

    internal void Remove(InMemoryExchange exchange)
    {
        lock (_gate)
        {
            _exchanges.Remove(exchange.Sequence);
        }
    }

    internal void Remove(InMemoryTransport transport)
    {
        ServerAddress address = transport.LocalAddress;
        InMemoryTransport[] others;
        lock (_gate)
        {
            _transports.Remove(address);
            // Behind a link that is cut the end of a connection is not seen.
            others = [.. _transports.Values.Where(other => _links.GetValueOrDefault((address, other.LocalAddress)) == InMemoryLink.Connected)
                .OrderBy(static other => other.LocalAddress.Value, StringComparer.Ordinal)];
        }

        End(e => e.Source == address, TransportFailure.Shutdown, "this transport was closed");
        End(e => e.Target == address, TransportFailure.Closed, $"{address} closed the connection unanswered");
        foreach (InMemoryTransport other in others)
        {
            other.Left(address);
        }
    }

    private void End(Predicate<InMemoryExchange> concerned, TransportFailure failure, string message)
    {
        InMemoryExchange[] ended;
        lock (_gate)
        {
            ended = [.. _exchanges.Values.Where(e => concerned(e))];
        }

        foreach (InMemoryExchange exchange in ended)
        {
            exchange.End(new TransportException(failure, message));
        }
    }
}
