namespace Raft.Fsm.Sample.Http;

/// <summary>A request is answered with an error.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The contract's word for it.</param>
/// <param name="message">What happened and what can be done.</param>
internal sealed class ApiException(int status, string code, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The contract's word for it.</summary>
    public string Code { get; } = code;

    /// <summary>The methods that the path knows, for a wrong one.</summary>
    public string? Allow { get; init; }

    public static ApiException BadRequest(string message) => new(400, "bad_request", message);

    public static ApiException NotFound(string message) => new(404, "not_found", message);

    public static ApiException BadMethod(string method, string allow) =>
        new(405, "bad_method", $"{method} is not known here; use {allow}") { Allow = allow };

    public static ApiException Conflict(string message) => new(409, "conflict", message);

    public static ApiException Superseded(string message) => new(410, "superseded", message);

    public static ApiException TooLarge(string message) => new(413, "too_large", message);

    public static ApiException NotLeader(string message) => new(421, "not_leader", message);

    public static ApiException NoLeader(string message) => new(503, "no_leader", message);

    public static ApiException ShuttingDown() => new(503, "shutting_down", "this node was stopped; ask another");

    public static ApiException Overloaded(string message) => new(503, "overloaded", message);

    public static ApiException TransferInProgress(string message) => new(503, "transfer_in_progress", message);

    public static ApiException OutcomeUnknown(string message) => new(504, "outcome_unknown", message);

    public static ApiException Internal(string message) => new(500, "internal", message);
}
