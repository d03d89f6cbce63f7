using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Transport.Tls;

/// <summary>What the tests of TLS share: an authority, another one that nobody knows, and transports that end with the test.</summary>
public abstract class TlsServers
{
    protected const int UnprotectedEventId = 2012;
    protected const int UnprovenEventId = 2013;
    protected const int NotAdmittedEventId = 2014;
    protected const int DialledUnprovenEventId = 2015;
    protected const int DialledRefusesEventId = 2016;
    protected const int InForceEventId = 2017;
    protected const int NotUsedEventId = 2018;
    protected const int DoubtedEventId = 2019;

    private readonly List<TcpTransport> _created = [];

    private protected TestAuthority Ours { get; private set; } = null!;

    private protected TestAuthority Theirs { get; private set; } = null!;

    private protected LogLines Log { get; private set; } = null!;

    private protected TestReceiver Receiver { get; private set; } = null!;

    [SetUp]
    public void Begin()
    {
        (Ours, Theirs, Log, Receiver) = (new(), new("another"), new(), new());
        Receiver.AnswerAll(static _ => new RequestVoteResponse(Requests.Header));
    }

    [TearDown]
    public async Task EndAsync()
    {
        foreach (TcpTransport transport in _created)
        {
            await transport.DisposeAsync();
        }

        _created.Clear();
        Ours.Dispose();
        Theirs.Dispose();
        Log.Dispose();
    }

    /// <summary>A transport that is asked, and writes the log.</summary>
    private protected async Task<TcpTransport> AnswererAsync(IStreamLayer layer, string? clusterId = null)
    {
        TcpTransport transport = await ListenAsync(new() { StreamLayer = layer, LoggerFactory = Log, ClusterId = clusterId });
        transport.Start(Receiver);
        return transport;
    }

    /// <summary>A transport that ends with the test.</summary>
    private protected async Task<TcpTransport> ListenAsync(TcpTransportOptions options)
    {
        TcpTransport transport = await TcpTransport.ListenAsync(options);
        _created.Add(transport);
        return transport;
    }

    /// <summary>A layer with credentials that stay.</summary>
    private protected static ValueTask<TlsStreamLayer> LayerAsync(TlsCredentials credentials, TimeProvider? clock = null) =>
        TlsStreamLayer.OpenAsync(new TlsOptions { Credentials = () => credentials, TimeProvider = clock ?? TimeProvider.System });

    /// <summary>Waits for a line of the log.</summary>
    private protected async Task<string> LineAsync(int id)
    {
        await Until.TrueAsync(() => Log.Count(id) > 0, $"event {id} is logged");
        return Log.All.First(line => line.Id == id).Text;
    }
}
