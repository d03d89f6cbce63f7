namespace Raft.Transport.Tcp;

/// <summary>
/// Says where servers are reached now, by their ids: for names that a scheduler or a service directory moves about. The
/// configuration's addresses stay as they are. Called from any task, before each connection: quick, and never blocking.
/// </summary>
public interface IServerAddressProvider
{
    /// <summary>Where a server is reached.</summary>
    /// <param name="id">The server.</param>
    /// <returns>
    /// Its address; empty, or an exception, where it is not known: then the configuration's address is dialled, and an
    /// exception is logged.
    /// </returns>
    ServerAddress FindAddress(ServerId id);
}
