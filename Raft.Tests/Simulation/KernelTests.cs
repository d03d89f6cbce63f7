using Raft.Simulation.Kernel;

namespace Raft.Tests.Simulation;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KernelTests
{
    private readonly SimKernel _kernel = new(seed: 7, watchPool: false);

    [Test]
    public void A_killed_process_takes_no_further_step_and_runs_no_finally()
    {
        SimProcess process = NewProcess();
        var steps = new List<string>();
        _ = process.Start(async () =>
        {
            try
            {
                steps.Add("begin");
                await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
                steps.Add("end");
            }
            finally
            {
                steps.Add("finally");
            }
        });

        _kernel.Run(TimeSpan.FromMilliseconds(500));
        process.Kill();
        _kernel.Run(TimeSpan.FromSeconds(5));

        Assert.That(steps, Is.EqualTo(new[] { "begin" }));
    }

    [Test]
    public void A_paused_process_finds_what_came_meanwhile_when_it_goes_on()
    {
        SimProcess process = NewProcess();
        TimeSpan? woken = null;
        _ = process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            woken = _kernel.Now;
        });
        _kernel.Run(TimeSpan.FromMilliseconds(10));
        process.Pause();
        _kernel.After(null, TimeSpan.FromSeconds(10), process.Resume);

        _kernel.Run(TimeSpan.FromSeconds(5));
        Assert.That(woken, Is.Null);
        _kernel.Run(TimeSpan.FromSeconds(20));

        Assert.That(woken, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void A_clock_at_half_the_rate_makes_a_timer_wait_twice_as_long()
    {
        var clock = new MachineClock(_kernel);
        clock.SetRate(0.5);
        SimProcess process = _kernel.NewProcess("slow", clock);
        TimeSpan? woken = null;
        _ = process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            woken = _kernel.Now;
        });

        _kernel.Run(TimeSpan.FromSeconds(5));

        Assert.That(woken!.Value.TotalSeconds, Is.EqualTo(2).Within(0.01));
    }

    [Test]
    public void The_monotonic_clock_goes_on_over_a_change_of_rate_and_a_jump_of_the_wall_clock()
    {
        var clock = new MachineClock(_kernel);
        SimProcess process = _kernel.NewProcess("p", clock);
        _kernel.After(null, TimeSpan.FromSeconds(1), () => clock.SetRate(2));
        _kernel.After(null, TimeSpan.FromSeconds(2), () => clock.UtcOffset = TimeSpan.FromHours(-1));
        long last = 0;
        bool wentBack = false;
        for (int i = 0; i < 300; i++)
        {
            _kernel.After(null, TimeSpan.FromMilliseconds(i * 10), () =>
            {
                wentBack |= process.Time.GetTimestamp() < last;
                last = process.Time.GetTimestamp();
            });
        }

        DateTimeOffset before = clock.Utc;
        _kernel.Run(TimeSpan.FromSeconds(3));

        Assert.That(wentBack, Is.False);
        Assert.That(TimeSpan.FromTicks(last).TotalSeconds, Is.EqualTo(4.98).Within(0.01));
        Assert.That((clock.Utc - before).TotalMinutes, Is.EqualTo(-60).Within(0.2));
    }

    [Test]
    public void Some_timers_fire_early_and_none_by_more_than_4_ms()
    {
        SimProcess process = NewProcess();
        var early = new List<TimeSpan>();
        for (int i = 0; i < 1000; i++)
        {
            process.Time.CreateTimer(
                _ => early.Add(TimeSpan.FromMilliseconds(50) - _kernel.Now), null, TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);
        }

        _kernel.Run(TimeSpan.FromSeconds(1));

        Assert.That(early, Has.Count.EqualTo(1000));
        Assert.That(early.Count(e => e > TimeSpan.Zero), Is.InRange(50, 250));
        Assert.That(early.Max(), Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(4)));
    }

    [Test]
    public void A_timer_that_was_changed_or_disposed_does_not_fire_at_its_old_time()
    {
        SimProcess process = NewProcess();
        int fired = 0;
        ITimer changed = process.Time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        ITimer disposed = process.Time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        changed.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        _kernel.Run(TimeSpan.FromSeconds(3));
        int before = fired;
        _kernel.Run(TimeSpan.FromSeconds(10));

        Assert.That((before, fired), Is.EqualTo((0, 1)));
        Assert.That(process.Time.ArmedTimers, Is.Zero);
    }

    [Test]
    public void Work_that_comes_back_from_another_thread_fails_the_run_with_its_stack()
    {
        SimProcess process = NewProcess();
        var pool = new ManualResetEventSlim();
        _ = process.Start(async () =>
        {
            Task escaped = Task.Run(pool.Wait);
            await escaped;
        });

        _kernel.Run(TimeSpan.FromMilliseconds(10));
        pool.Set();
        Assert.That(() => _kernel.Escapes.Count, Is.GreaterThan(0).After(5000, 5));
        _kernel.Run(TimeSpan.FromSeconds(1));

        Assert.That(_kernel.Failure!.Kind, Is.EqualTo(Raft.Simulation.FailureKind.Escape));
        Assert.That(_kernel.Escapes.Best!.Stack, Does.Contain("ThreadPool"));
        Assert.That(_kernel.Escapes.Best.Method, Does.Contain(nameof(KernelTests)), "who awaited it");
    }

    [Test]
    public void Two_kernels_of_one_seed_take_the_same_steps_and_those_of_another_seed_others()
    {
        static ulong Run(ulong seed)
        {
            var kernel = new SimKernel(seed, watchPool: false);
            for (int i = 0; i < 5; i++)
            {
                SimProcess process = kernel.NewProcess($"p{i}", new MachineClock(kernel));
                _ = process.Start(async () =>
                {
                    for (int turn = 0; turn < 100; turn++)
                    {
                        await Task.Delay(kernel.Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(5)), process.Time);
                        await Task.Yield();
                    }
                });
            }

            kernel.Run(TimeSpan.FromSeconds(10));
            return kernel.TraceHash;
        }

        Assert.That(Enumerable.Range(0, 10).Select(_ => Run(1)).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Enumerable.Range(0, 100).Select(seed => Run((ulong)seed)).Distinct().Count(), Is.EqualTo(100));
    }

    private SimProcess NewProcess() => _kernel.NewProcess("p", new MachineClock(_kernel));
}
