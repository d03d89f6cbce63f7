using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Raft.Fsm.Sample.Http;

namespace Raft.Tests.Sample;

/// <summary>What a failure of the library means to a client.</summary>
public sealed class ErrorAnswerTests
{
    private static IEnumerable<TestCaseData> Failures() =>
    [
        new(new ConfigurationChangeException("x"), 409, "conflict"),
        new(new NothingNewToSnapshotException("x"), 409, "conflict"),
        new(new RestoreOvertakenException("x"), 409, "conflict"),
        new(new UnsupportedProtocolException("x"), 409, "conflict"),
        new(new LeadershipTransferInProgressException("x"), 503, "transfer_in_progress"),
        new(new LeadershipTransferException("x"), 504, "outcome_unknown"),
        new(new LeadershipLostException("x", 1, 1), 504, "outcome_unknown"),
        new(new NotLeaderException("x"), 421, "not_leader"),
        new(new EnqueueTimeoutException("x"), 503, "overloaded"),
        new(new EntryTooLargeException("x"), 413, "too_large"),
        new(new RaftShutdownException("x"), 503, "shutting_down"),
    ];

    [TestCaseSource(nameof(Failures))]
    public void Each_has_its_status_and_word(Exception failure, int status, string code)
    {
        ApiException error = ErrorAnswer.From(failure)!;

        Answer answer = ErrorAnswer.Of(error, leader: null);

        Assert.That((error.Status, error.Code), Is.EqualTo((status, code)));
        Assert.That(answer.RetryAfter, status == 503 ? Is.EqualTo("1") : Is.Null);
    }

    [Test]
    public async Task What_becomes_of_a_request_whose_client_is_gone_is_nobodys_business()
    {
        await using SampleServer server = await SampleServer.StartAsync(
            new InMemoryNetwork(TimeProvider.System), "n8", new ClusterConfiguration(new Server("n8", "n8:1"), new Server("n9", "n9:1")));
        using var router = new Router(Task.FromResult(server.Node), NullLogger.Instance);
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        context.Request.Method = "PUT";
        context.Request.Headers[ApiRequest.ForwardedByHeader] = "n9";
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/kv/k";

        Assert.That(async () => await router.HandleAsync(context), Throws.Nothing, "to be told that it does not lead");
    }

    [Test]
    public void A_store_that_fails_is_our_own_fault() => Assert.That(ErrorAnswer.From(new StoreException("x")), Is.Null);
}
