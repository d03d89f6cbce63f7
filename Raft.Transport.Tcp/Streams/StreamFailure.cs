using System.Security.Authentication;

namespace Raft.Transport.Tcp;

/// <summary>How connections fail.</summary>
internal static class StreamFailure
{
    private const int ShownMax = 300;

    /// <summary>Whether it is what <see cref="IStreamConnection"/> names: the connection is over, and nothing else is wrong.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is IOException or ObjectDisposedException or AuthenticationException;

    /// <summary>What caused it at last: a stream layer wraps what it was told.</summary>
    public static string Cause(Exception exception) => exception.GetBaseException().Message;

    /// <summary>A stranger's text, fit for a line of a log: short, and without what would break the line.</summary>
    public static string Printable(string text)
    {
        string shown = text.Length > ShownMax ? string.Concat(text.AsSpan(0, ShownMax), "…") : text;
        return string.Create(shown.Length, shown, static (span, from) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(from[i]) || char.GetUnicodeCategory(from[i]) is
                    System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator
                    or System.Globalization.UnicodeCategory.ParagraphSeparator ? '?' : from[i];
            }
        });
    }
}
