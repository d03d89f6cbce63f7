using Raft.Simulation;

namespace Bank;

/// <summary>What a user hears whose workload is wrong, or leaves the simulation.</summary>
public sealed class WrongWorkloadTests
{
    private static readonly byte[] Command = new Transfer("the same", 0, 1, 1).Encode();

    [Test]
    public void Work_on_another_thread_is_an_escape_with_the_line_that_started_it()
    {
        string message = Fail(FailureKind.Escape, async client =>
        {
            await client.DelayAsync(TimeSpan.FromSeconds(1));
            await Task.Run(() => 1);
        });

        Assert.That(message, Does.Contain("failed: nothing leaves the simulation.").And.Contain("Task.Run"));
        Assert.That(message, Does.Contain("WrongWorkloadTests.").And.Contain("WrongWorkloadTests.cs:line "));
    }

    [Test]
    public void Work_on_another_thread_that_nobody_awaits_is_an_escape_too()
    {
        string message = Fail(FailureKind.Escape, async client =>
        {
            await client.DelayAsync(TimeSpan.FromSeconds(1));
            bool hasBegun = false;
            _ = Task.Run(() => Volatile.Write(ref hasBegun, true));

            // In real time, or the run might be over before the pool finds the time.
            SpinWait.SpinUntil(() => Volatile.Read(ref hasBegun), TimeSpan.FromSeconds(10));
            await UntilStoppedAsync(client);
        });

        Assert.That(message, Does.Contain("WrongWorkloadTests.cs:line "));
    }

    [Test]
    public void A_client_that_leaves_its_scheduler_is_an_escape_with_the_line_of_its_next_call()
    {
        string message = Fail(FailureKind.Escape, async client =>
        {
            await client.DelayAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            await client.ApplyAsync(Command);
        });

        Assert.That(message, Does.Contain("code that had left it").And.Contain("SimulationClient`1.ApplyAsync"));
        Assert.That(message, Does.Contain("WrongWorkloadTests.cs:line "));
    }

    [Test]
    public void A_real_timer_is_an_escape_with_the_method_that_waited_for_it()
    {
        string message = Fail(FailureKind.Escape, async client =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
            await UntilStoppedAsync(client);
        });

        Assert.That(message, Does.Match(@"Bank\.WrongWorkloadTests.*awaited something that another thread completed"));
    }

    [Test]
    public void A_client_that_does_not_end_is_named()
    {
        string message = Fail(FailureKind.Violation, client =>
            client.Number == 1 ? new TaskCompletionSource().Task : UntilStoppedAsync(client));

        Assert.That(message, Does.Contain("client 1 did not end within 30 s of IsStopping"));
    }

    [Test]
    public void What_a_client_throws_is_told_with_its_number_and_stack()
    {
        string message = Fail(FailureKind.Violation, async client =>
        {
            await UntilStoppedAsync(client);
            throw client.Number == 0
                ? new InvalidOperationException("lost patience")
                : new SimulationViolationException("other");
        });

        Assert.That(message, Does.Match(@"client 0: System\.Inval.*: lost patience|client [12]: other\r?\n"));
    }

    [Test]
    public void A_read_that_throws_is_its_clients_fault()
    {
        string message = Fail(FailureKind.Violation, async client =>
        {
            while (!client.IsStopping)
            {
                await client.ReadAsync<int>(_ => throw new InvalidOperationException("cannot read"));
                await client.DelayAsync(TimeSpan.FromSeconds(1));
            }
        });

        Assert.That(message, Does.Contain("the workload's own rules").And.Contain("cannot read"));
    }

    [Test]
    public void A_read_that_changes_the_state_is_found_at_once()
    {
        string message = Fail(FailureKind.Violation, async client =>
        {
            while (!client.IsStopping)
            {
                await client.ReadAsync(bank => ((CuriousBankFsm)bank).Ask());
                await client.DelayAsync(TimeSpan.FromSeconds(1));
            }
        }, () => new CuriousBankFsm());

        Assert.That(message, Does.StartWith("Seed 1 failed: equal states at equal indexes."));
        Assert.That(message, Does.Contain("a client's read changed the state of n"));
    }

    [Test]
    public void An_answer_of_another_type_than_expected_says_which_it_is()
    {
        string message = Fail(FailureKind.Violation, async client =>
        {
            while (!client.IsStopping)
            {
                await client.ApplyAsync<string>(Command);
                await client.DelayAsync(TimeSpan.FromSeconds(1));
            }
        });

        Assert.That(message, Does.Contain("answered System.Boolean where System.String was expected"));
    }

    [Test]
    public async Task A_command_that_is_sent_again_after_nothing_was_appended_is_no_false_outcome() =>
        await Simulation.RunAsync(SeedRange.Of(1, 3), () => new BankFsm(), new ScriptedWorkload(async client =>
        {
            while (!client.IsStopping)
            {
                await client.ApplyAsync(Command);
                await client.DelayAsync(TimeSpan.FromMilliseconds(100));
            }
        }));

    [Test]
    public void A_run_that_depends_on_more_than_its_seed_is_told_to_have_gone_differently()
    {
        var workload = new ScriptedWorkload(async client =>
        {
            await client.DelayAsync(TimeSpan.FromTicks(Random.Shared.Next(10_000_000)));
            await UntilStoppedAsync(client);
        })
        {
            AtTheEnd = new SimulationViolationException("for the report"),
        };

        SimulationFailedException failed = Assert.ThrowsAsync<SimulationFailedException>(() =>
            Simulation.RunAsync(SeedRange.One(1), () => new BankFsm(), workload))!;

        Assert.That(failed.Message, Does.Contain("it went differently, so something in it depends on more than the seed"));
    }

    [Test]
    public void A_state_machine_that_servers_share_is_refused()
    {
        var shared = new BankFsm();

        SimulationFailedException failed = Assert.ThrowsAsync<SimulationFailedException>(() =>
            Simulation.RunAsync(SeedRange.One(1), () => shared, new BankWorkload()))!;

        Assert.That(failed.Message, Does.Contain("newFsm: it returned the same state machine twice"));
    }

    [Test]
    public void A_state_machine_that_cannot_be_made_is_told_with_its_stack()
    {
        string message = Fail(
            FailureKind.Violation, UntilStoppedAsync, () => throw new InvalidOperationException("no bank licence"));

        Assert.That(message, Does.Contain("newFsm: System.InvalidOperationException: no bank licence"));
        Assert.That(message, Does.Contain("WrongWorkloadTests.cs:line "));
    }

    [Test]
    public void Several_failing_seeds_are_all_told()
    {
        SimulationFailedException failed = Assert.ThrowsAsync<SimulationFailedException>(() => Simulation.RunAsync(
            SeedRange.Of(1, 100), () => new WallClockBankFsm(), new BankWorkload(), new SimulationOptions { FailuresMax = 3 }))!;

        ulong[] seeds = [.. failed.Report.Failures.Select(f => f.Seed)];
        Assert.That(seeds, Has.Length.EqualTo(3));
        Assert.That(failed.Message, Does.Contain($"seeds failed: {string.Join(", ", seeds)}."));
    }

    private static async Task UntilStoppedAsync(SimulationClient<BankFsm> client)
    {
        while (!client.IsStopping)
        {
            await client.DelayAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static string Fail(FailureKind kind, Func<SimulationClient<BankFsm>, Task> script, Func<BankFsm>? newFsm = null)
    {
        SimulationFailedException failed = Assert.ThrowsAsync<SimulationFailedException>(() => Simulation.RunAsync(
            SeedRange.One(1), newFsm ?? (() => new BankFsm()), new ScriptedWorkload(script),
            new SimulationOptions { Servers = 3, Clients = 3 }))!;

        Assert.That(failed.Report.Failures[0].FailureKind, Is.EqualTo(kind), failed.Message);
        return failed.Message;
    }
}
