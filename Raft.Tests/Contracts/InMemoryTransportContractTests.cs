using Raft.Testing.Contracts;
using Raft.Tests.Support;

namespace Raft.Tests.Contracts;

[TestFixture]
[Reference("I2", Test = nameof(An_append_arrives_with_all_its_fields_and_entries_and_its_answer_comes_back))]
[Reference("I2", "I13", Test = nameof(A_vote_and_a_pre_vote_arrive_and_are_answered))]
[Reference("I2", "I13", Test = nameof(A_snapshot_arrives_whole_with_all_fields_of_its_request_and_its_answer_comes_back))]
[Reference("I3", "I13", Test = nameof(Requests_of_a_pipeline_are_delivered_and_answered_in_order))]
[Reference("I1", Test = nameof(Disposing_a_transport_releases_its_calls_and_pipelines_and_refuses_more))]
[Reference("I13", Test = nameof(An_order_to_campaign_and_a_question_arrive_and_are_answered))]
public sealed class InMemoryTransportContractTests : TransportContract
{
    private InMemoryNetwork _network = null!;
    private int _count;

    protected override ServerAddress NobodysAddress => "nobody";

    [SetUp]
    public void CreateNetwork() => _network = new InMemoryNetwork(TimeProvider.System);

    protected override ValueTask<ITransport> CreateAsync(TimeSpan timeout) =>
        ValueTask.FromResult<ITransport>(_network.CreateTransport($"server-{++_count}", timeout));
}
