using Raft.Storage;
using Raft.Tests.Support;
using static Raft.Tests.Support.LoneFollower;

namespace Raft.Tests.Storage;

public sealed class LogTailTests
{
    private static List<ulong> Read(LogTail tail, ulong from, ulong through, int countMax = 100, int bytesMax = 1 << 20)
    {
        var slices = new List<LogSlice>();
        Assert.That(tail.TryRead(from, through, countMax, bytesMax, slices), Is.True);
        return [.. slices.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i].Index))];
    }

    [Test]
    public void Ranges_are_read_across_chunks()
    {
        var tail = new LogTail(bytesMax: 1 << 20, uncommittedBytesMax: 0);
        tail.Append(Entries(1, 1, 1, 1), sequence: 1);
        tail.Append(Entries(4, 1, 1), sequence: 2);

        Assert.That(Read(tail, 2, 5), Is.EqualTo(new ulong[] { 2, 3, 4, 5 }));
        Assert.That(Read(tail, 2, 4), Is.EqualTo(new ulong[] { 2, 3, 4 }));
        Assert.That(Read(tail, 2, 5, countMax: 1), Is.EqualTo(new ulong[] { 2 }));
        Assert.That(Read(tail, 5, 5), Is.EqualTo(new ulong[] { 5 }));
    }

    [Test]
    public void A_bound_in_bytes_lets_at_least_one_entry_through()
    {
        var tail = new LogTail(bytesMax: 1 << 20, uncommittedBytesMax: 0);
        LogSlice entries = Entries(1, 1, 1, 1);
        tail.Append(entries, sequence: 1);

        Assert.That(Read(tail, 1, 3, bytesMax: 1), Is.EqualTo(new ulong[] { 1 }));
        Assert.That(Read(tail, 1, 3, bytesMax: entries.Encoded.Length - 1), Is.EqualTo(new ulong[] { 1, 2 }));
        Assert.That(Read(tail, 1, 3, bytesMax: entries.Encoded.Length), Is.EqualTo(new ulong[] { 1, 2, 3 }));
    }

    [Test]
    public void Durability_follows_the_sequence_and_not_the_index()
    {
        var tail = new LogTail(bytesMax: 1 << 20, uncommittedBytesMax: 0);
        tail.Append(Entries(1, 1, 1, 1), sequence: 1);
        tail.TruncateSuffix(2);
        tail.Append(Entries(2, 2, 2), sequence: 3);

        Assert.That(tail.OnDurable(1), Is.EqualTo(1), "entry 2 was written, but it is not the one that stands there now");
        Assert.That(tail.OnDurable(2), Is.EqualTo(1));
        Assert.That(tail.OnDurable(3), Is.EqualTo(3));
    }

    [Test]
    [Reference("J1")]
    public void What_is_not_durable_is_never_released()
    {
        var tail = new LogTail(bytesMax: 0, uncommittedBytesMax: 0);
        tail.Append(Entries(1, 1), sequence: 1);
        tail.Append(Entries(2, 1), sequence: 2);
        tail.Append(Entries(3, 1), sequence: 3);
        tail.OnDurable(2);

        tail.Release(durableIndex: 1, commitIndex: 1);
        Assert.That(tail.TryRead(1, 3, 9, 999, []), Is.False);
        Assert.That(Read(tail, 2, 3), Is.EqualTo(new ulong[] { 2, 3 }));

        tail.Release(durableIndex: 3, commitIndex: 3);
        Assert.That(Read(tail, 3, 3), Is.EqualTo(new ulong[] { 3 }));
    }

    [Test]
    public void What_is_not_committed_stays_in_memory_up_to_a_limit_of_its_own()
    {
        LogSlice[] entries = [.. Enumerable.Range(1, 6).Select(i => Entries((ulong)i, 1))];
        var tail = new LogTail(bytesMax: entries[0].Encoded.Length, uncommittedBytesMax: entries.Take(4).Sum(e => e.Encoded.Length));
        for (int i = 0; i < entries.Length; i++)
        {
            tail.Append(entries[i], sequence: (ulong)i + 1);
        }

        tail.OnDurable(6);
        tail.Release(durableIndex: 6, commitIndex: 0);
        Assert.That(tail.FirstIndex, Is.EqualTo(3), "four fit");

        tail.Release(durableIndex: 6, commitIndex: 4);
        Assert.That(tail.FirstIndex, Is.EqualTo(5), "what is committed is only for followers a little behind");

        tail.Release(durableIndex: 6, commitIndex: 6);
        Assert.That(tail.FirstIndex, Is.EqualTo(6));
    }

    [Test]
    [Reference("J1")]
    public void Truncating_below_the_tail_empties_it()
    {
        var tail = new LogTail(bytesMax: 0, uncommittedBytesMax: 0);
        tail.Append(Entries(1, 1), sequence: 1);
        tail.Append(Entries(2, 1), sequence: 2);
        tail.OnDurable(2);
        tail.Release(durableIndex: 1, commitIndex: 1);

        tail.TruncateSuffix(1);
        Assert.That(tail.TryRead(2, 2, 9, 999, []), Is.False);
        tail.Append(Entries(1, 2), sequence: 4);

        Assert.That(tail.OnDurable(3), Is.Zero);
        Assert.That(tail.OnDurable(4), Is.EqualTo(1));
    }

    [Test]
    [Reference("a39", "g02")]
    public void It_agrees_with_a_plain_list_over_random_histories()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Compare(new Random(seed), seed);
        }
    }

    private static void Compare(Random random, int seed)
    {
        var tail = new LogTail(bytesMax: 300, uncommittedBytesMax: random.Next(1000));
        var model = new List<(ulong Term, ulong Sequence)>();
        ulong sequence = 0;
        ulong durable = 0;
        ulong released = 0;
        for (int step = 0; step < 200; step++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    ulong[] terms = [.. Enumerable.Repeat((ulong)step + 1, random.Next(1, 5))];
                    tail.Append(Entries((ulong)model.Count + 1, terms), ++sequence);
                    model.AddRange(terms.Select(t => (t, sequence)));
                    break;
                case 2 when (ulong)model.Count > released:
                    int from = random.Next((int)released, model.Count);
                    tail.TruncateSuffix((ulong)from + 1);
                    model.RemoveRange(from, model.Count - from);
                    sequence++;
                    break;
                default:
                    durable = (ulong)random.NextInt64((long)durable, (long)sequence + 1);
                    int prefix = model.TakeWhile(e => e.Sequence <= durable).Count();
                    ulong index = tail.OnDurable(durable);
                    Assert.That(index, prefix > (int)released ? Is.EqualTo(prefix) : Is.LessThanOrEqualTo(released), $"seed {seed} step {step}");
                    ulong durableIndex = (ulong)random.Next(prefix + 1);
                    ulong commitIndex = (ulong)random.Next(model.Count + 1);
                    tail.Release(durableIndex, commitIndex);
                    released = FirstHeld(tail, model.Count) - 1;
                    break;
            }
        }

        var slices = new List<LogSlice>();
        if (tail.TryRead(released + 1, (ulong)model.Count, int.MaxValue, int.MaxValue, slices))
        {
            Assert.That(
                slices.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i].Term)),
                Is.EqualTo(model.Skip((int)released).Select(e => e.Term)), $"seed {seed}");
        }
    }

    private static ulong FirstHeld(LogTail tail, int count)
    {
        ulong first = 1;
        while (first <= (ulong)count && !tail.TryRead(first, first, 1, 1, []))
        {
            first++;
        }

        return first;
    }
}
