using System.Text.RegularExpressions;
using Raft.Simulation;
using Raft.Tests.Support;

namespace Bank;

/// <summary>The bank of docs/simulation.md, right and wrong: the one passes, and of the others it is found what is wrong.</summary>
public sealed partial class BankTests
{
    // docs begin
    [Test]
    public async Task The_bank_keeps_its_promises_under_every_fault()
    {
        SimulationReport report = await Simulation.RunAsync(
            SeedRange.Of(1, 12), () => new BankFsm(), new BankWorkload());

        Assert.That(report.Acknowledged, Is.GreaterThan(1000), "clients got answers");
    }
    // docs end

    [Test]
    [Reference("B11", "c29")]
    public async Task A_bank_that_takes_entries_in_batches_keeps_them_too() =>
        await Simulation.RunAsync(SeedRange.Of(1, 3), () => new BatchingBankFsm(), new BankWorkload());

    [Test]
    public void A_bank_that_asks_its_own_clock_is_found_and_a_report_tells_how_to_see_it_again()
    {
        SimulationFailedException failed = Find(SeedRange.Of(1, 100), () => new WallClockBankFsm());

        ulong seed = failed.Report.Failures[0].Seed;
        Assert.That(failed.Message, Does.StartWith($"Seed {seed} failed: equal states at equal indexes."));
        Assert.That(failed.Message, Does.Contain($"SeedRange.One({seed})").And.Contain("failed in the same way"));
        Assert.That(
            failed.Message, Does.Match(@"The states after entry \d+:\r?\n  n\d: .* transfers.*\r?\n  n\d: .* transfers"));
        Assert.That(failed.Message, Does.Match("client \\d > n\\d: \\{\"Id\":\"client"));
    }

    [Test]
    public void A_failing_seed_fails_in_the_same_way_when_it_is_run_alone()
    {
        SeedResult first = Find(SeedRange.Of(1, 100), () => new WallClockBankFsm()).Report.Failures[0];
        SeedResult again = Find(SeedRange.One(first.Seed), () => new WallClockBankFsm()).Report.Failures[0];

        Assert.That(again.BrokenRule, Is.EqualTo(first.BrokenRule));
        Assert.That(Place().Match(again.Failure!).Value, Is.EqualTo(Place().Match(first.Failure!).Value).And.Not.Empty);
        Assert.That((again.TraceHash, again.Simulated), Is.EqualTo((first.TraceHash, first.Simulated)));
    }

    [Test]
    public void A_bank_that_makes_a_transfer_twice_is_found_at_the_end()
    {
        SimulationFailedException failed = Find(SeedRange.Of(1, 100), () => new ForgetfulBankFsm());

        Assert.That(failed.Message, Does.Contain("the workload's own rules.").And.Contain("; due are "));
    }

    [Test]
    public void A_bank_whose_clients_reckon_loses_an_update_and_the_report_names_server_and_entry()
    {
        SimulationFailedException failed = Assert.ThrowsAsync<SimulationFailedException>(() =>
            Simulation.RunAsync(SeedRange.Of(1, 100), () => new ObedientBankFsm(), new LostUpdateWorkload()))!;

        Assert.That(failed.Report.Failures[0].BrokenRule, Is.EqualTo("the workload's own rules"));
        Assert.That(failed.Message, Does.Match(@"n\d after entry \d+: money came or went"));
    }

    [Test]
    public void A_bank_that_throws_is_found_with_the_command_and_the_exception()
    {
        SimulationFailedException failed = Find(SeedRange.Of(1, 100), () => new ThrowingBankFsm());

        Assert.That(failed.Message, Does.Contain("failed: the state machine applies every command."));
        Assert.That(failed.Message, Does.Match(@"n\d threw while it applied entry \d+: \{""Id"":""client"));
        Assert.That(failed.Message, Does.Contain("can only count to three").And.Contain("ThrowingBankFsm.TimeOf"));
    }

    private static SimulationFailedException Find(SeedRange seeds, Func<BankFsm> newFsm) =>
        Assert.ThrowsAsync<SimulationFailedException>(() => Simulation.RunAsync(seeds, newFsm, new BankWorkload()))!;

    [GeneratedRegex(@"^n\d|after entry \d+")]
    private static partial Regex Place();
}
