using System.Text;

namespace Raft.Tests.Sessions;

/// <summary>The code of docs/sessions.md, so that it compiles and runs. ReadmeTests hold the two equal.</summary>
internal static class SessionsExample
{
    /// <summary>A state machine that knows nothing of sessions, behind one that does.</summary>
    public static IFsm Wrap(IFsm accounts)
    {
        // docs begin
        IFsm fsm = SessionFsm.Around(accounts, SessionFsm.Bytes);
        // docs end
        return fsm;
    }

    /// <summary>A client of one node.</summary>
    public static async Task<ReadOnlyMemory<byte>> PayAsync(RaftNode node, ReadOnlyMemory<byte> command, SessionOptions options)
    {
        // docs begin
        var session = new Session(node, options);
        try
        {
            SessionAnswer answer = await session.ApplyAsync(command, timeout: TimeSpan.FromSeconds(30));
            return answer.Result;
        }
        catch (SessionNotDoneException)
        {
            // It was not applied, and never will be.
            throw;
        }
        catch (SessionOutcomeUnknownException) when (session.IsUnresolved)
        {
            // It may have been applied. The same request once more, for as long as it takes.
            SessionAnswer answer = await session.ResolveAsync(timeout: TimeSpan.FromHours(1));
            return answer.Result;
        }
        // docs end
    }

    /// <summary>A client of several nodes, whose state machine has a form of its own.</summary>
    public static Session OfSeveral(RaftNode[] nodes, SessionOptions options)
    {
        // docs begin
        int next = 0;
        var session = new Session(
            async (request, amount, cancellationToken) =>
            {
                RaftNode node = nodes[next++ % nodes.Length];
                string command = $"{request.Client} {request.Number} {Encoding.UTF8.GetString(amount.Span)}";
                ApplyResult done = await node.ApplyAsync(Encoding.UTF8.GetBytes(command), cancellationToken: cancellationToken);
                return (SessionAnswer)done.Response!;
            },
            options);
        // docs end
        return session;
    }
}
