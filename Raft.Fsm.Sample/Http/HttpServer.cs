using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Raft.Fsm.Sample.Kv;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>
/// Serves clients on one address. It listens before there is a node, so that a taken port is found before anything
/// else is done; requests wait until the node has started.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;
    private readonly Router _router;
    private readonly TaskCompletionSource<KvNode> _started;

    private HttpServer(WebApplication app, Router router, TaskCompletionSource<KvNode> started, int port)
    {
        _app = app;
        _router = router;
        _started = started;
        Port = port;
    }

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">The address; port 0 takes a free one.</param>
    /// <param name="logs">Where log lines go.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<HttpServer> ListenAsync(IPEndPoint endPoint, ILoggerFactory logs)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = StopPatience);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // How much a body may have is each handler's to say; this is what is read to let a client see the answer.
            kestrel.Limits.MaxRequestBodySize = 64L << 20;

            // A value may stand in the target of /set, each of its bytes as three characters.
            kestrel.Limits.MaxRequestLineSize = (3 * KvLimits.ValueBytesMax) + (64 << 10);
            kestrel.Limits.MaxRequestBufferSize = 4L << 20;
            kestrel.Listen(endPoint, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        var started = new TaskCompletionSource<KvNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        WebApplication app = builder.Build();
        var router = new Router(started.Task, logs.CreateLogger("Raft.Sample"));
        app.Run(router.HandleAsync);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        string address = app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        return new HttpServer(app, router, started, new Uri(address).Port);
    }

    /// <summary>Serves a node from now on.</summary>
    public void Serve(KvNode node) => _started.SetResult(node);

    /// <summary>Stops listening, and gives requests under way a moment to end.</summary>
    public async ValueTask DisposeAsync()
    {
        _started.TrySetCanceled();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _router.Dispose();
    }

    /// <summary>Leaves signals to the program: how a node stops is not the web server's to decide.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
