using Raft.Fsm.Sample.Http;

namespace Raft.Tests.Sample;

/// <summary>The key is what stands in the raw request target, percent-decoded once.</summary>
public sealed class KeyTargetTests
{
    [TestCase("/kv/a", "a")]
    [TestCase("/kv/a/b", "a/b")]
    [TestCase("/kv/a%2Fb", "a/b")]
    [TestCase("/kv/a%252Fb", "a%2Fb")]
    [TestCase("/kv/a+b", "a+b")]
    [TestCase("/kv/a%20b", "a b")]
    [TestCase("/kv/.", ".")]
    [TestCase("/kv/..", "..")]
    [TestCase("/kv/a/../b", "a/../b")]
    [TestCase("/kv/%2E%2e", "..")]
    [TestCase("/kv//", "/")]
    [TestCase("/kv/a/cas", "a/cas")]
    [TestCase("/kv/%C3%BC", "ü")]
    [TestCase("/kv/%F0%9F%98%80", "😀")]
    [TestCase("/kv/a%0Ab", "a\nb")]
    [TestCase("/kv/a%3Fb", "a?b")]
    [TestCase("/kv/a?read=stale", "a")]
    [TestCase("http://host:80/kv/..?x", "..")]
    public void A_path_names_its_key(string target, string key)
    {
        Assert.That(KeyTarget.Read(RequestTarget.Parse(target).Path, isPost: false), Is.EqualTo(key));
    }

    [TestCase("/kv/a/cas", "a")]
    [TestCase("/kv/a/cas/cas", "a/cas")]
    [TestCase("/kv/a%2Fcas/cas", "a/cas")]
    public void A_post_leaves_out_what_makes_it_a_compare_and_swap(string target, string key)
    {
        Assert.That(KeyTarget.Read(target, isPost: true), Is.EqualTo(key));
    }

    [TestCase("/kv/", false, 400)]
    [TestCase("/kv//cas", true, 400)]
    [TestCase("/kv/%", false, 400)]
    [TestCase("/kv/%2", false, 400)]
    [TestCase("/kv/%zz", false, 400)]
    [TestCase("/kv/%FF", false, 400)]
    [TestCase("/kv/%C3", false, 400)]
    [TestCase("/kv/%ED%A0%80", false, 400)]
    [TestCase("/kv/a", true, 405)]
    [TestCase("/kv/cas", true, 405)]
    public void What_is_no_key_is_refused(string target, bool isPost, int status)
    {
        ApiException error = Assert.Throws<ApiException>(() => KeyTarget.Read(target, isPost))!;

        Assert.That(error.Status, Is.EqualTo(status));
    }

    [TestCase(512, true)]
    [TestCase(513, false)]
    public void A_key_has_at_most_512_bytes_however_long_its_escapes_are(int bytes, bool isTaken)
    {
        string path = "/kv/" + string.Concat(Enumerable.Repeat("%61", bytes));

        Assert.That(() => KeyTarget.Read(path, isPost: false), isTaken ? Throws.Nothing : Throws.TypeOf<ApiException>());
    }

    [Test]
    public void A_parameter_of_the_query_is_decoded_with_plus_as_space()
    {
        RequestTarget target = RequestTarget.Parse("/set?key=a+b%2B&value=%3D=&flag");

        Assert.That(target.Parameter("key"), Is.EqualTo("a b+"));
        Assert.That(target.Parameter("value"), Is.EqualTo("=="));
        Assert.That(target.Parameter("flag"), Is.Empty);
        Assert.That(target.Parameter("other"), Is.Null);
    }
}
