using System.Text.Json;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>Errors in the form of the contract.</summary>
internal static class ErrorAnswer
{
    /// <summary>Gives an error its form.</summary>
    public static Answer Of(ApiException error, LeaderInfo? leader) =>
        Answer.OfJson(error.Status, json =>
        {
            json.WriteStartObject();
            json.WriteString("error"u8, error.Code);
            json.WriteString("message"u8, error.Message);
            WriteLeader(json, leader);
            json.WriteEndObject();
        }) with
        {
            RetryAfter = error.Status == 503 ? "1" : null,
            Allow = error.Allow,
        };

    /// <summary>Writes the member <c>leader</c>.</summary>
    public static void WriteLeader(Utf8JsonWriter json, LeaderInfo? leader)
    {
        if (leader is null)
        {
            json.WriteNull("leader"u8);
            return;
        }

        json.WriteStartObject("leader"u8);
        json.WriteString("id"u8, leader.Id.ToString());
        json.WriteString("raft"u8, leader.Raft.ToString());
        if (leader.Http is { } http)
        {
            json.WriteString("http"u8, http);
        }
        else
        {
            json.WriteNull("http"u8);
        }

        json.WriteEndObject();
    }

    /// <summary>What a failure of the library means to a client.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>The error; null for a failure that only we could explain.</returns>
    public static ApiException? From(Exception failure) => failure switch
    {
        ApiException error => error,
        LeadershipLostException lost => ApiException.OutcomeUnknown(lost.Message),
        LeadershipTransferException failed => ApiException.OutcomeUnknown(failed.Message),
        LeadershipTransferInProgressException transfer => ApiException.TransferInProgress(transfer.Message),
        ConfigurationChangeException change => ApiException.Conflict(change.Message),
        RestoreOvertakenException overtaken => ApiException.Conflict(overtaken.Message),
        UnsupportedProtocolException older => ApiException.Conflict(older.Message),
        NothingNewToSnapshotException nothing => ApiException.Conflict(nothing.Message),
        RaftShutdownException => ApiException.ShuttingDown(),
        EnqueueTimeoutException full => ApiException.Overloaded(full.Message),
        EntryTooLargeException large => ApiException.TooLarge(large.Message),
        NotLeaderException other => ApiException.NotLeader(other.Message),
        TimeoutException => ApiException.Overloaded("this node did not get to it in time; nothing was changed"),
        BadHttpRequestException { StatusCode: 413 } => ApiException.TooLarge("the body is larger than is taken here"),
        BadHttpRequestException bad => ApiException.BadRequest(bad.Message),
        _ => null,
    };
}
