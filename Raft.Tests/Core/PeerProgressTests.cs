using Raft.Core;
using Raft.Tests.Support;

namespace Raft.Tests.Core;

public sealed class PeerProgressTests
{
    private static InFlight Request(ulong previous, ulong last, int bytes = 100) =>
        new(previous, last, bytes, TimeSpan.Zero, Round: 0);

    private static PeerProgress Answered(PeerProgress progress, InFlight request, bool isMatch, ulong lastLog = 0)
    {
        progress.Sent(request);
        InFlight answered = progress.Answered();
        if (isMatch)
        {
            progress.Matched(answered);
        }
        else
        {
            progress.Mismatched(answered, lastLog);
        }

        return progress;
    }

    [Test]
    public void It_begins_by_probing_right_behind_the_leaders_log()
    {
        var progress = new PeerProgress(lastIndex: 20);

        Assert.That(progress.Mode, Is.EqualTo(PeerMode.Probe));
        Assert.That(progress.NextIndex, Is.EqualTo(21));
        Assert.That(progress.MatchIndex, Is.Zero);
    }

    [Test]
    [Reference("c11", "a29")]
    public void A_probe_does_not_move_the_next_index()
    {
        var progress = new PeerProgress(lastIndex: 20);

        progress.Sent(Request(20, 25));

        Assert.That(progress.NextIndex, Is.EqualTo(21));
        Assert.That(progress.InFlightCount, Is.EqualTo(1));
    }

    [Test]
    [Reference("c11", "c21", "a28", "a29")]
    public void A_match_opens_the_pipeline_which_runs_ahead_of_the_answers()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 21), isMatch: true);

        progress.Sent(Request(21, 30));
        progress.Sent(Request(30, 35));

        Assert.That(progress.Mode, Is.EqualTo(PeerMode.Pipeline));
        Assert.That(progress.MatchIndex, Is.EqualTo(21));
        Assert.That(progress.NextIndex, Is.EqualTo(36));
        Assert.That(progress.InFlightBytes, Is.EqualTo(200));
    }

    [Test]
    [Reference("c18")]
    public void A_mismatch_goes_back_by_one()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 21), isMatch: false, lastLog: 40);

        Assert.That(progress.NextIndex, Is.EqualTo(20));
    }

    [Test]
    [Reference("c18", "g06")]
    public void A_short_log_is_gone_back_to_at_once()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 21), isMatch: false, lastLog: 3);

        Assert.That(progress.NextIndex, Is.EqualTo(4));
    }

    [Test]
    public void Answers_to_what_was_sent_behind_a_mismatch_do_not_move_forward_again()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 20), isMatch: false, lastLog: 19);
        progress.Sent(Request(10, 15));
        progress.Sent(Request(25, 30));
        progress.Mismatched(progress.Answered(), lastLog: 40);

        progress.Mismatched(progress.Answered(), lastLog: 40);

        Assert.That(progress.NextIndex, Is.EqualTo(10));
    }

    [Test]
    [Reference("c11")]
    public void A_lost_connection_starts_again_behind_what_is_known_to_match()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 21), isMatch: true);
        progress.Sent(Request(21, 99));

        progress.Restart();

        Assert.That(progress.NextIndex, Is.EqualTo(22));
        Assert.That(progress.InFlightCount, Is.Zero);
        Assert.That(progress.Mode, Is.EqualTo(PeerMode.Probe));
    }

    [Test]
    public void A_follower_that_lost_what_it_acknowledged_is_told_apart()
    {
        PeerProgress progress = Answered(new PeerProgress(lastIndex: 20), Request(20, 21), isMatch: true);
        progress.Restart();
        progress.Sent(Request(21, 21));

        bool isHonest = progress.Mismatched(progress.Answered(), lastLog: 2);

        Assert.That(isHonest, Is.False);
        Assert.That(progress.MatchIndex, Is.EqualTo(2));
        Assert.That(progress.NextIndex, Is.EqualTo(3));
    }

    [Test]
    public void The_next_index_is_always_above_the_match_index()
    {
        var random = new Random(77);
        var progress = new PeerProgress(lastIndex: 50);
        for (int step = 0; step < 20_000; step++)
        {
            if (progress.InFlightCount > 0 && random.Next(2) == 0)
            {
                InFlight request = progress.Answered();
                if (random.Next(4) != 0)
                {
                    progress.Matched(request);
                }
                else
                {
                    progress.Mismatched(request, lastLog: (ulong)random.Next(60));
                }
            }
            else if (random.Next(20) == 0)
            {
                progress.Restart();
            }
            else
            {
                progress.Sent(Request(progress.NextIndex - 1, progress.NextIndex - 1 + (ulong)random.Next(3)));
            }

            Assert.That(progress.NextIndex, Is.GreaterThan(progress.MatchIndex), $"step {step}");
        }
    }
}
