namespace Raft.Simulation.Network;

/// <summary>A call or a pipeline between two servers, until it ends.</summary>
internal abstract class SimExchange(SimTransport source, Server target)
{
    /// <summary>Who asks.</summary>
    public SimTransport Source { get; } = source;

    /// <summary>Who is asked.</summary>
    public Server Target { get; } = target;

    /// <summary>The network between them.</summary>
    protected SimNetwork Network => Source.Network;

    /// <summary>Ends it for the one who asks. The first reason counts.</summary>
    public abstract void End(TransportFailure why);

    /// <summary>The process of the one who asks has ended without ending it.</summary>
    public virtual void SourceGone()
    {
        // Nobody waits for the rest.
    }

    /// <summary>What the one who asks is told.</summary>
    protected TransportException Failed(TransportFailure why) => new(why, $"{Target}: {why}");
}
