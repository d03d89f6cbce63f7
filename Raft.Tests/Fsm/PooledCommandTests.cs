using System.Threading.Tasks.Sources;
using Raft.Fsm;

namespace Raft.Tests.Fsm;

/// <summary>A command is used again only when neither its caller nor the node can act through it any more.</summary>
public sealed class PooledCommandTests
{
    private CommandPool _pool = null!;

    [SetUp]
    public void CreatePool() => _pool = new CommandPool();

    private PooledCommand Placed(ulong index)
    {
        PooledCommand command = _pool.Take(new byte[3], default);
        command.TryTake();
        command.Place(index, term: 7);
        command.Appended();
        return command;
    }

    [Test]
    public async Task An_outcome_is_taken_once()
    {
        PooledCommand command = Placed(index: 5);
        ValueTask<ApplyResult> outcome = command.Outcome;
        command.Applied("done");
        command.Complete();

        ApplyResult result = await outcome;

        Assert.That(result, Is.EqualTo(new ApplyResult(5, 7, "done")));
        Assert.That(async () => await outcome, Throws.InvalidOperationException);
        Assert.That(_pool.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task A_handle_of_before_takes_nothing_from_the_command_that_came_after()
    {
        PooledCommand first = Placed(index: 5);
        ValueTask<ApplyResult> stale = first.Outcome;
        first.Applied("first").Complete();
        await stale;

        PooledCommand second = Placed(index: 6);
        ValueTask<ApplyResult> fresh = second.Outcome;
        Assert.That(second, Is.SameAs(first));
        Assert.That(() => stale.IsCompleted, Throws.InvalidOperationException);
        second.Applied("second").Complete();

        Assert.That(async () => await stale, Throws.InvalidOperationException);
        Assert.That((await fresh).Response, Is.EqualTo("second"));
        Assert.That(_pool.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_command_whose_outcome_is_set_but_not_taken_is_not_used_again()
    {
        PooledCommand command = Placed(index: 5);
        ValueTask<ApplyResult> outcome = command.Outcome;

        Assert.That(() => outcome.GetAwaiter().GetResult(), Throws.InvalidOperationException, "not there yet");
        command.Applied("done").Complete();

        Assert.That(_pool.Count, Is.Zero);
        Assert.That(_pool.Take(default, default), Is.Not.SameAs(command));
        Assert.That(outcome.GetAwaiter().GetResult().Response, Is.EqualTo("done"));
        Assert.That(_pool.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_failure_is_taken_once_and_leaves_nothing_behind()
    {
        PooledCommand command = Placed(index: 5);
        ValueTask<ApplyResult> outcome = command.Outcome;
        command.Fail(new NotLeaderException("no")).Complete();

        Assert.That(() => outcome.GetAwaiter().GetResult(), Throws.TypeOf<NotLeaderException>());
        Assert.That(() => outcome.GetAwaiter().GetResult(), Throws.InvalidOperationException);

        PooledCommand next = _pool.Take(new byte[2], new byte[1]);
        Assert.That(next, Is.SameAs(command));
        Assert.That((next.Index, next.Term, next.Bytes), Is.EqualTo((0UL, 0UL, 3)));
        next.Applied("fine").Complete();
        Assert.That(next.Outcome.GetAwaiter().GetResult().Response, Is.EqualTo("fine"));
    }

    [Test]
    public void A_second_outcome_is_a_broken_rule()
    {
        PooledCommand command = Placed(index: 5);
        command.Applied("done");

        Assert.That(() => command.Fail(new NotLeaderException("no")), Throws.TypeOf<RaftFatalException>());
        command.Complete();
        Assert.That(command.Complete, Throws.InvalidOperationException, "told twice");
    }

    [Test]
    public async Task Of_many_that_take_one_outcome_at_once_one_gets_it()
    {
        for (int round = 0; round < 2000; round++)
        {
            PooledCommand command = Placed(index: 5);
            var source = (IValueTaskSource<ApplyResult>)command;
            short token = TokenOf(command);
            command.Applied(round).Complete();
            using var start = new Barrier(2);
            bool[] got = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                start.SignalAndWait();
                try
                {
                    return source.GetResult(token).Response is int answer && answer == round;
                }
                catch (InvalidOperationException)
                {
                    return false;
                }
            })));

            Assert.That(got.Count(g => g), Is.EqualTo(1));
            Assert.That(_pool.Count, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task The_caller_goes_on_inside_the_completion_and_may_use_the_command_again_at_once()
    {
        PooledCommand command = Placed(index: 5);
        ValueTask<ApplyResult> outcome = command.Outcome;
        PooledCommand? again = null;
        async Task CallAsync()
        {
            await outcome.ConfigureAwait(false);
            again = Placed(index: 6);
        }

        Task caller = CallAsync();
        command.Applied("done").Complete();

        Assert.That(caller.IsCompleted, Is.True);
        Assert.That(again, Is.SameAs(command));
        await caller;
        Assert.That(again!.Outcome.IsCompleted, Is.False);
        Assert.That(again.Index, Is.EqualTo(6));
    }

    [Test]
    public void As_many_are_kept_as_the_limit_says()
    {
        PooledCommand[] commands = [.. Enumerable.Range(0, 5000).Select(i => Placed((ulong)i + 1))];
        foreach (PooledCommand command in commands)
        {
            command.Applied("done").Complete();
            Assert.That(command.Outcome.GetAwaiter().GetResult().Index, Is.GreaterThan(0));
        }

        Assert.That(_pool.Count, Is.EqualTo(4097), "and the last in front");
    }

    /// <summary>The token of the command's present handle: those of fresh commands count from 0, one for each outcome taken.</summary>
    private static short TokenOf(PooledCommand command)
    {
        var source = (IValueTaskSource<ApplyResult>)command;
        for (short token = 0; ; token++)
        {
            try
            {
                source.GetStatus(token);
                return token;
            }
            catch (InvalidOperationException)
            {
                // An earlier one's.
            }
        }
    }
}
