using Raft.Simulation;

namespace Raft.Tests.Simulation;

public sealed class LinearizabilityExplanationTests
{
    [Test]
    public void An_explanation_shows_only_what_contradicts_each_other_in_the_order_of_time()
    {
        RegisterScript script = new RegisterScript()
            .Put(1, 1, from: 0, to: 1).Get(2, 1, from: 2, to: 3).Put(1, 2, from: 4, to: 5).Swap(3, 2, 3, from: 6, to: 7)
            .Put(4, 4, from: 8).Put(1, 10, from: 10, to: 11).Get(2, 10, from: 12, to: 13).Put(3, 11, from: 14, to: 15.5)
            .Get(5, 10, from: 16, to: 17).Put(1, 12, from: 18, to: 19).Get(2, 12, from: 20, to: 21);

        Assert.That(script.Check().Explanation, Is.EqualTo("""
            key "k": no order explains these answers, whatever the other 8 did:
              10.0000000 s to 11.0000000 s  client 1  put 10
              14.0000000 s to 15.5000000 s  client 3  put 11
              16.0000000 s to 17.0000000 s  client 5  get -> 10  <- what came before can be explained
            """));
    }

    [Test]
    public void An_explanation_shows_an_unknown_write_whose_effect_was_seen()
    {
        RegisterScript script = new RegisterScript()
            .Put(9, 5, from: 0).Put(1, 10, from: 1).Get(2, 10, from: 2, to: 3).Put(2, 11, from: 4, to: 5)
            .Get(2, 11, from: 6, to: 7).Get(3, 10, from: 8, to: 9);

        string explanation = script.Search().Explanation;

        Assert.That(explanation, Does.Contain("1.0000000 s to ?  client 1  put 10  (outcome unknown)"));
        Assert.That(explanation, Does.Not.Contain("put 5"));
    }

    [Test]
    public void What_returned_after_the_fault_is_no_part_of_its_explanation([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        long next = 0;
        List<RegisterOperation> operations = new RandomHistory<long, RegisterCall, long>(
            new PlainRegister(), (r, _) => r.Next(2) == 0 ? RegisterCall.Get() : RegisterCall.Put(++next)).Make(random, 60);
        TimeSpan faultAt = operations[30].InvokedAt;
        var stale = new RegisterOperation(99, "k", RegisterCall.Get(), faultAt);
        stale.Return(-1, faultAt + TimeSpan.FromTicks(1), node: null, logIndex: 0, term: 0);

        LinearizabilityResult result = LinearizabilityChecker.Check([.. operations, stale], new PlainRegister());

        Assert.That(result.Verdict, Is.EqualTo(LinearizabilityVerdict.Illegal), $"seed {seed}");
        Assert.That(result.Explanation.Split('\n'), Has.Length.EqualTo(2), $"seed {seed}: {result.Explanation}");
        Assert.That(result.Explanation, Does.Contain("client 99  get -> -1"), $"seed {seed}");
    }

    [Test]
    public void A_result_reads_as_its_verdict_and_its_reason()
    {
        LinearizabilityResult legal = new RegisterScript().Put(1, 10, from: 0, to: 1).Check();
        LinearizabilityResult illegal = new RegisterScript().Get(1, 10, from: 0, to: 1).Search();

        Assert.That(legal.ToString(), Is.EqualTo("Ok after 1 steps"));
        Assert.That(illegal.ToString(), Does.StartWith("Illegal after 1 steps: key \"k\""));
    }
}
