using Raft.Timing;

namespace Raft.Tests.Timing;

public sealed class WakeSignalTests
{
    [Test]
    public void A_signal_that_was_set_before_is_taken_without_waiting()
    {
        var signal = new WakeSignal();
        signal.Set();
        signal.Set();

        Assert.That(signal.WaitAsync().IsCompleted, Is.True);
        Assert.That(signal.WaitAsync().IsCompleted, Is.False, "setting it twice is one wake-up");
    }

    [Test]
    public async Task No_wake_up_is_lost_between_a_setter_and_a_waiter_on_two_threads()
    {
        const int Rounds = 200_000;
        var signal = new WakeSignal();
        int produced = 0;
        int consumed = 0;
        Task consumer = Task.Run(async () =>
        {
            while (consumed < Rounds)
            {
                await signal.WaitAsync();
                consumed = Volatile.Read(ref produced);
            }
        });
        Task producer = Task.Run(() =>
        {
            for (int i = 1; i <= Rounds; i++)
            {
                Volatile.Write(ref produced, i);
                signal.Set();
            }
        });

        await Task.WhenAll(producer, consumer).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.That(consumed, Is.EqualTo(Rounds));
    }
}
