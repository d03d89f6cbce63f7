using NUnit.Framework;
using Raft.Storage;

namespace Raft.Testing.Contracts;

/// <summary>What a state machine that keeps its own state is asked, one after the other, and what it must be like behind each.</summary>
internal sealed class DurableScript
{
    private const int EntriesBefore = 12;
    private const int EntriesBehind = 6;

    private readonly List<DurableStep> _steps = [];
    private readonly List<string> _states = [];
    private readonly Func<IDurableFsm, ValueTask<string>> _describe;
    private readonly Func<int, byte[]> _command;
    private string _empty = string.Empty;

    private DurableScript(Func<IDurableFsm, ValueTask<string>> describe, Func<int, byte[]> command)
    {
        _describe = describe;
        _command = command;
    }

    /// <summary>What is asked.</summary>
    public IReadOnlyList<DurableStep> Steps => _steps;

    /// <summary>Makes one, and finds out what must come of it.</summary>
    /// <param name="create">Makes an empty state machine.</param>
    /// <param name="describe">Says what a state is.</param>
    /// <param name="command">Makes a command.</param>
    /// <param name="isOfRestores">Whether the state is replaced in between.</param>
    public static async Task<DurableScript> MakeAsync(
        Func<ValueTask<IDurableFsm>> create, Func<IDurableFsm, ValueTask<string>> describe, Func<int, byte[]> command, bool isOfRestores)
    {
        var script = new DurableScript(describe, command);
        ulong index = script.AddEntries(firstIndex: 2, EntriesBefore);
        if (isOfRestores)
        {
            // A state from further on in another log: what its bytes say of that counts for nothing here.
            IDurableFsm other = await create();
            var foreign = new DurableScript(describe, command);
            foreign.AddEntries(firstIndex: 1000, EntriesBehind);
            foreach (DurableStep step in foreign._steps)
            {
                await step.TakeAsync(other);
            }

            script._steps.Add(new DurableStep(new AppliedPoint(index + 3, TermOf(index + 3)), default, await BytesAsync(other)));
            script.AddEntries(index + 5, EntriesBehind);
        }

        await script.ForeseeAsync(await create());
        return script;
    }

    /// <summary>The bytes of a snapshot of the present state.</summary>
    public static async Task<byte[]> BytesAsync(IDurableFsm fsm)
    {
        using IFsmSnapshot state = fsm.Snapshot();
        using var bytes = new MemoryStream();
        await state.PersistAsync(bytes, CancellationToken.None);
        return bytes.ToArray();
    }

    /// <summary>Takes every step, up to one that throws.</summary>
    /// <returns>The step that threw; their number where none did.</returns>
    public async Task<int> RunUntilItFailsAsync(IDurableFsm fsm)
    {
        for (int i = 0; i < _steps.Count; i++)
        {
            try
            {
                await _steps[i].TakeAsync(fsm);
            }
            catch (Exception failure) when (failure is not AssertionException)
            {
                return i;
            }
        }

        return _steps.Count;
    }

    /// <summary>Gives all entries in one call.</summary>
    /// <returns>Whether it did not throw.</returns>
    public bool TryBatch(IBatchingFsm fsm)
    {
        try
        {
            fsm.ApplyBatch(_steps.Select(s => s.Entry).ToArray(), new object?[_steps.Count]);
            return true;
        }
        catch (Exception failure) when (failure is not AssertionException)
        {
            return false;
        }
    }

    /// <summary>Holds a state machine that was opened to what it says to have, gives it the rest, and looks at the end.</summary>
    /// <param name="fsm">The state machine.</param>
    /// <param name="last">The last step that was begun; -1 for none.</param>
    /// <param name="when">What happened before, for the message.</param>
    public async Task GoOnAsync(IDurableFsm fsm, int last, string when)
    {
        for (int next = await RequireOneOfAsync(fsm, last, when) + 1; next < _steps.Count; next++)
        {
            await _steps[next].TakeAsync(fsm);
        }

        int end = await RequireOneOfAsync(fsm, _steps.Count - 1, $"{when}, and having been given the rest,");
        Assert.That(end, Is.EqualTo(_steps.Count - 1), $"{when} it was given the rest, and says to have {fsm.Applied}");
    }

    /// <summary>Holds a state machine to the state behind the step that it says to be at.</summary>
    /// <returns>That step; -1 for none.</returns>
    private async Task<int> RequireOneOfAsync(IDurableFsm fsm, int last, string when)
    {
        int at = fsm.Applied == default ? -1 : _steps.FindIndex(step => step.At == fsm.Applied);
        Assert.That(
            fsm.Applied == default || (at >= 0 && at <= last),
            $"{when} it says to have {fsm.Applied}, which it was never given, or not with that term");
        Assert.That(
            await _describe(fsm), Is.EqualTo(at < 0 ? _empty : _states[at]),
            $"{when} it says to have {fsm.Applied}, and has another state than it had there");
        return at;
    }

    // Entries that are no commands lie between.
    private static bool IsCommand(ulong index) => index % 4 != 0;

    private static ulong TermOf(ulong index) => 1 + (index / 5);

    private ulong AddEntries(ulong firstIndex, int count)
    {
        ulong index = firstIndex;
        for (int made = 0; made < count; index++)
        {
            if (IsCommand(index))
            {
                LogBatch batch = LogBatchBuilder.Single(
                    index, TermOf(index), LogType.Command, _command((int)index), LogTimestamp.Zero);
                _steps.Add(new DurableStep(new AppliedPoint(index, TermOf(index)), batch[0], Snapshot: null));
                made++;
            }
        }

        return index;
    }

    private async Task ForeseeAsync(IDurableFsm fsm)
    {
        _empty = await _describe(fsm);
        foreach (DurableStep step in _steps)
        {
            string before = _states.Count == 0 ? _empty : _states[^1];
            await step.TakeAsync(fsm);
            string state = await _describe(fsm);
            Assert.That(state, Is.Not.EqualTo(before), $"the step to {step.At} changes nothing: what comes of it cannot be looked at");
            _states.Add(state);
        }
    }
}
