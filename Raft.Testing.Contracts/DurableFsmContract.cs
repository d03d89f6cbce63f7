using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>
/// What every <see cref="IDurableFsm"/> is held to: that its state and what it says of it are never apart, wherever it crashes.
/// Derive a fixture from it that makes the state machine.
/// </summary>
public abstract class DurableFsmContract
{
    private const int ChangesMax = 100_000;

    /// <summary>Makes an empty state machine, in a place of its own.</summary>
    /// <returns>The state machine, open.</returns>
    protected abstract ValueTask<IDurableFsm> CreateAsync();

    /// <summary>
    /// Lets the process of a state machine crash, or the power fail, and opens it again with what is left. Where it was made by
    /// <see cref="CreateFailingAsync"/> its disk is well again.
    /// </summary>
    /// <param name="fsm">The state machine, in the middle of a call perhaps.</param>
    /// <returns>The state machine as it is after a restart.</returns>
    protected abstract ValueTask<IDurableFsm> ReopenAsync(IDurableFsm fsm);

    /// <summary>
    /// Makes an empty state machine whose disk fails once it is changed so many times (a write, a sync, a new name), and from
    /// then on, as if the process had crashed there: the call that needs the disk throws. Null where no disk can be made to fail;
    /// then crashes come between calls only, which finds less.
    /// </summary>
    /// <param name="change">The change that fails, from 1 on, counted from when the state machine is open.</param>
    /// <returns>The state machine, open; null for none.</returns>
    protected virtual ValueTask<IDurableFsm?> CreateFailingAsync(int change) => new((IDurableFsm?)null);

    /// <summary>Makes a command. Each changes the state, and each in another way.</summary>
    /// <param name="number">Which, from 1 on.</param>
    /// <returns>Its bytes.</returns>
    protected abstract byte[] Command(int number);

    /// <summary>What a state is, to compare it with others. By default what is written of it into a snapshot.</summary>
    /// <param name="fsm">The state machine.</param>
    /// <returns>The same for equal states, and for no others.</returns>
    protected virtual async ValueTask<string> DescribeAsync(IDurableFsm fsm) => Convert.ToHexString(await DurableScript.BytesAsync(fsm));

    /// <summary>Nothing is what a server begins with.</summary>
    [Test]
    public async Task A_new_state_machine_has_no_entry()
    {
        IDurableFsm fsm = await CreateAsync();

        Assert.That(fsm.Applied, Is.EqualTo(default(AppliedPoint)));
        Assert.That((await ReopenAsync(fsm)).Applied, Is.EqualTo(default(AppliedPoint)));
    }

    /// <summary>As it is open, it knows what it was given.</summary>
    [Test]
    public async Task What_was_given_last_is_what_it_says_to_have()
    {
        DurableScript script = await ScriptAsync();
        IDurableFsm fsm = await CreateAsync();

        foreach (DurableStep step in script.Steps)
        {
            await step.TakeAsync(fsm);
            Assert.That(fsm.Applied, Is.EqualTo(step.At));
        }
    }

    /// <summary>It goes on from what it says to have, and ends as if nothing had been.</summary>
    [Test]
    public async Task After_a_crash_between_two_entries_it_has_the_state_that_it_says_to_have()
    {
        DurableScript script = await ScriptAsync();
        for (int given = 0; given <= script.Steps.Count; given++)
        {
            IDurableFsm fsm = await CreateAsync();
            for (int i = 0; i < given; i++)
            {
                await script.Steps[i].TakeAsync(fsm);
            }

            await script.GoOnAsync(await ReopenAsync(fsm), given - 1, $"after a crash behind step {given}");
        }
    }

    /// <summary>The heart of it: state and index change in one transaction.</summary>
    [Test]
    public async Task After_a_crash_at_any_change_of_its_disk_it_has_the_state_that_it_says_to_have()
    {
        DurableScript script = await ScriptAsync();
        for (int change = 1; ; change++)
        {
            Assert.That(change, Is.LessThan(ChangesMax), "no disk is changed so often: does CreateFailingAsync make it fail?");
            if (await CreateFailingAsync(change) is not { } fsm)
            {
                Assert.Ignore("CreateFailingAsync is not given: what a crash within a call leaves is not looked at.");
                return;
            }

            int last = await script.RunUntilItFailsAsync(fsm);
            bool hasFailed = last < script.Steps.Count;
            await script.GoOnAsync(await ReopenAsync(fsm), Math.Min(last, script.Steps.Count - 1), $"after a crash at change {change}");
            if (!hasFailed)
            {
                Assert.That(change, Is.GreaterThan(1), "nothing failed: the state machine does not change its disk");
                return;
            }
        }
    }

    /// <summary>Entries of one call are one transaction, or several, each of which ends at one of them.</summary>
    [Test]
    public async Task After_a_crash_at_any_change_within_a_batch_it_has_the_state_that_it_says_to_have()
    {
        DurableScript script = await DurableScript.MakeAsync(CreateAsync, DescribeAsync, Command, isOfRestores: false);
        for (int change = 1; change < ChangesMax; change++)
        {
            if (await CreateFailingAsync(change) is not { } fsm || fsm is not IBatchingFsm)
            {
                Assert.Ignore("The state machine takes no batches, or CreateFailingAsync is not given.");
                return;
            }

            bool hasFailed = !script.TryBatch((IBatchingFsm)fsm);
            await script.GoOnAsync(await ReopenAsync(fsm), script.Steps.Count - 1, $"after a crash at change {change} of a batch");
            if (!hasFailed)
            {
                return;
            }
        }
    }

    private Task<DurableScript> ScriptAsync() => DurableScript.MakeAsync(CreateAsync, DescribeAsync, Command, isOfRestores: true);
}
