using System.Text;
using NUnit.Framework;

namespace Raft.Testing.Contracts;

/// <summary>What every <see cref="IStableStore"/> is held to. Derive a fixture from it that makes the store.</summary>
public abstract class StableStoreContract
{
    /// <summary>Makes an empty store.</summary>
    /// <returns>The store.</returns>
    protected abstract ValueTask<IStableStore> CreateAsync();

    /// <summary>Closes a store, or lets its process crash, and opens it again. One that forgets returns what it is given.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The store as it is after a restart.</returns>
    protected virtual ValueTask<IStableStore> ReopenAsync(IStableStore store) => new(store);

    /// <summary>No record is not a record of term 0.</summary>
    [Test]
    public async Task A_new_store_has_no_term_and_vote()
    {
        IStableStore store = await ReopenAsync(await CreateAsync());

        Assert.That(await store.LoadAsync(), Is.Null);
    }

    /// <summary>Every part of a record comes back.</summary>
    /// <param name="id">Whom the vote is for.</param>
    /// <param name="address">Where that server is.</param>
    [TestCase(null, null)]
    [TestCase("", "")]
    [TestCase("node-1", null)]
    [TestCase("Knoten ä", "[::1]:7000")]
    public async Task The_record_last_saved_is_loaded(string? id, string? address)
    {
        IStableStore store = await CreateAsync();
        var record = new TermAndVote(ulong.MaxValue - 1, id, address);

        await store.SaveAsync(record);
        store = await ReopenAsync(store);

        Assert.That(await store.LoadAsync(), Is.EqualTo(record));
    }

    /// <summary>A record replaces the one before, each time.</summary>
    [Test]
    public async Task Each_record_replaces_the_one_before()
    {
        IStableStore store = await CreateAsync();
        for (ulong term = 1; term <= 7; term++)
        {
            await store.SaveAsync(new TermAndVote(term));
            await store.SaveAsync(new TermAndVote(term, $"node-{term}", "a:1"));

            store = await ReopenAsync(store);

            Assert.That(await store.LoadAsync(), Is.EqualTo(new TermAndVote(term, $"node-{term}", "a:1")));
        }
    }

    /// <summary>Values stand beside the record.</summary>
    [Test]
    public async Task Values_are_kept_by_key_and_leave_the_record_alone()
    {
        IStableStore store = await CreateAsync();
        await store.SaveAsync(new TermAndVote(4));
        await store.SetAsync(Bytes("CurrentTerm"), Bytes("one"));
        await store.SetAsync(Bytes("other"), Bytes(string.Empty));
        await store.SetAsync(Bytes("CurrentTerm"), Bytes("two"));

        store = await ReopenAsync(store);

        Assert.That(await store.GetAsync(Bytes("CurrentTerm")), Is.EqualTo(Bytes("two")));
        Assert.That(await store.GetAsync(Bytes("other")), Is.Empty);
        Assert.That(await store.GetAsync(Bytes("missing")), Is.Null);
        Assert.That(await store.LoadAsync(), Is.EqualTo(new TermAndVote(4)));
    }

    /// <summary>A store that names its keys (<see cref="IStableKeys"/>) names all of them. Others need not.</summary>
    [Test]
    public async Task The_keys_that_have_values_are_named_in_the_order_of_their_bytes()
    {
        IStableStore store = await CreateAsync();
        if (store is not IStableKeys)
        {
            Assert.Ignore("This store does not name its keys.");
        }

        await store.SaveAsync(new TermAndVote(4));
        Assert.That(await ((IStableKeys)store).ListKeysAsync(), Is.Empty);
        byte[][] keys = [[], [0], [0, 255], Bytes("a"), Bytes("ab"), Bytes("raft/rejoin"), [127], [128], [255]];
        foreach (byte[] key in keys.Reverse())
        {
            await store.SetAsync(key, Bytes("one"));
        }

        await store.SetAsync(Bytes("ab"), Bytes(string.Empty));
        store = await ReopenAsync(store);

        IReadOnlyList<byte[]> named = await ((IStableKeys)store).ListKeysAsync();
        Assert.That(named.Select(Convert.ToHexString), Is.EqualTo(keys.Select(Convert.ToHexString)));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
