using Raft.Simulation.Kernel;
using Raft.Simulation.Network;
using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

/// <summary>What nodes are tested on under faults must be, without faults, what they find in production.</summary>
[TestFixture]
public sealed class SimTransportContractTests : TransportContract, IDisposable
{
    private const int Machines = 8;
    private const int NobodysMachine = Machines - 1;

    private SimThread? _thread;
    private SimNetwork? _network;
    private int _count;

    protected override ServerAddress NobodysAddress => SimAddress.Of(NobodysMachine);

    [SetUp]
    public async Task StartAsync()
    {
        _thread?.Dispose();
        _thread = new SimThread();
        _count = 0;
        _network = new SimNetwork(await _thread.KernelAsync(), Machines, Conditions(TimeSpan.FromSeconds(30)), new NobodyWatches())
        {
            InFlightCountMax = int.MaxValue,
        };
    }

    public void Dispose() => _thread?.Dispose();

    protected override async ValueTask<ITransport> CreateAsync(TimeSpan timeout)
    {
        int machine = _count++;
        SimKernel kernel = await _thread!.KernelAsync();
        var created = new TaskCompletionSource<SimThreadTransport>(TaskCreationOptions.RunContinuationsAsynchronously);
        _thread.Post(() =>
        {
            _network!.Conditions = Conditions(timeout);
            SimProcess process = kernel.NewProcess($"n{machine + 1}", new MachineClock(kernel));
            created.SetResult(new SimThreadTransport(
                _thread, process, new SimTransport(_network, process, machine, SimAddress.Of(machine))));
        });
        SimThreadTransport transport = await created.Task;
        await transport.ListenAsync();
        return transport;
    }

    private static NetworkConditions Conditions(TimeSpan timeout) => new()
    {
        Timeout = timeout,
        DelayMax = TimeSpan.FromMilliseconds(1),
        PieceTimeMax = TimeSpan.Zero,
    };

    private sealed class NobodyWatches : INetworkWatch
    {
        public void Requested(int from, int to, RpcRequest request)
        {
            // The tests see what arrives.
        }

        public void Answered(int from, int to, RpcRequest request, RpcResponse response, long? askedAt)
        {
            // The tests see what arrives.
        }

        public void InFlight(int from, int to, int count, int countMax)
        {
            // No node sends here.
        }
    }
}
