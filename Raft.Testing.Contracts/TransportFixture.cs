using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>Creates the transports of a <see cref="TransportContract"/> and disposes them.</summary>
public abstract class TransportFixture
{
    /// <summary>How long a test waits for what should come at once.</summary>
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<ITransport> _created = [];

    /// <summary>The test's transports, in the order of their creation.</summary>
    private protected IReadOnlyList<ITransport> Created => _created;

    /// <summary>An address at which nobody is.</summary>
    protected abstract ServerAddress NobodysAddress { get; }

    /// <summary>
    /// Whether a request may be lost whose sender ends the connection right behind it. Over plain TCP it is not; behind TLS 1.3 the other
    /// side's session tickets may meet a connection that is closed already, and its system then drops what it had received.
    /// </summary>
    protected virtual bool MayLoseWhatWasSent => false;

    /// <summary>Creates a transport that reaches all others that this test created.</summary>
    /// <param name="timeout">How long its calls may take.</param>
    /// <returns>The transport, not started.</returns>
    protected abstract ValueTask<ITransport> CreateAsync(TimeSpan timeout);

    [TearDown]
    public async Task DisposeAllAsync()
    {
        foreach (ITransport transport in _created)
        {
            await transport.DisposeAsync();
        }

        _created.Clear();
    }

    /// <summary>Two transports, one of them started to be asked.</summary>
    private protected async Task<(ITransport Asker, Server Target, TestReceiver Receiver)> PairAsync(TimeSpan? timeout = null)
    {
        ITransport asker = await NewAsync(timeout);
        ITransport answerer = await NewAsync(timeout);
        var receiver = new TestReceiver();
        answerer.Start(receiver);
        return (asker, new Server("answerer", answerer.LocalAddress), receiver);
    }

    /// <summary>A transport that is disposed after the test.</summary>
    private protected async Task<ITransport> NewAsync(TimeSpan? timeout = null)
    {
        ITransport transport = await CreateAsync(timeout ?? TimeSpan.FromSeconds(30));
        _created.Add(transport);
        return transport;
    }
}
