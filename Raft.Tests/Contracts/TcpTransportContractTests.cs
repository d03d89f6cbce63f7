using Raft.Testing.Contracts;
using Raft.Tests.Support;
using Raft.Transport.Tcp;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("I2", Test = nameof(An_append_arrives_with_all_its_fields_and_entries_and_its_answer_comes_back))]
[Reference("I2", Test = nameof(A_vote_and_a_pre_vote_arrive_and_are_answered))]
[Reference("I2", Test = nameof(A_snapshot_arrives_whole_with_all_fields_of_its_request_and_its_answer_comes_back))]
[Reference("I3", Test = nameof(Requests_of_a_pipeline_are_delivered_and_answered_in_order))]
[Reference("I1", Test = nameof(Disposing_a_transport_releases_its_calls_and_pipelines_and_refuses_more))]
public sealed class TcpTransportContractTests : TransportContract
{
    // Nothing listens on the discard port of the loopback.
    protected override ServerAddress NobodysAddress => "127.0.0.1:9";

    protected override async ValueTask<ITransport> CreateAsync(TimeSpan timeout) =>
        await TcpTransport.ListenAsync(new TcpTransportOptions { Timeout = timeout });
}
