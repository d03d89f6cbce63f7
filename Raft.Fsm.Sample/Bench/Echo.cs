using System.Threading.Channels;

namespace Raft.Fsm.Sample.Bench;

/// <summary>Answers every command at once from a task of its own: what is left of a benchmark then is the load that it makes.</summary>
internal sealed class Echo : IAsyncDisposable
{
    private readonly Channel<TaskCompletionSource<ApplyResult>> _calls =
        Channel.CreateUnbounded<TaskCompletionSource<ApplyResult>>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _answering;

    public Echo()
    {
        _answering = Task.Run(AnswerAsync);
    }

    /// <summary>A command.</summary>
    public ValueTask<ApplyResult> ApplyAsync()
    {
        var call = new TaskCompletionSource<ApplyResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Writer.TryWrite(call);
        return new ValueTask<ApplyResult>(call.Task);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _calls.Writer.Complete();
        await _answering;
    }

    private async Task AnswerAsync()
    {
        await foreach (TaskCompletionSource<ApplyResult> call in _calls.Reader.ReadAllAsync())
        {
            call.SetResult(default);
        }
    }
}
