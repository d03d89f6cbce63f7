using System.Text;
using Raft.Fsm;
using Raft.MsgPack;

namespace Raft.Routing;

/// <summary>The bytes of what servers ask of their leader, in msgpack (docs/formats.md).</summary>
internal static class LeaderMessages
{
    /// <summary>The most commands in one question.</summary>
    public const int CommandsMax = 1024;

    private const int WhyBytesMax = 1024;
    private const int FieldsBytesMax = 32;

    /// <summary>A question for the leader's commit index.</summary>
    public static byte[] ReadIndex(bool mayUseLease)
    {
        byte[] bytes = new byte[2];
        var writer = new MsgPackWriter(bytes);
        writer.ArrayHeader(1);
        writer.Bool(mayUseLease);
        return bytes;
    }

    /// <summary>Reads it.</summary>
    /// <returns>Whether a lease will do.</returns>
    /// <exception cref="FormatException">It is something else.</exception>
    public static bool ReadReadIndex(ReadOnlySpan<byte> question)
    {
        var reader = new MsgPackReader(question);
        bool mayUseLease = reader.ArrayHeader() > 0 && reader.Bool();
        reader.RequireComplete();
        return mayUseLease;
    }

    /// <summary>Commands to be appended.</summary>
    /// <param name="commands">The commands.</param>
    /// <param name="patience">How long they may wait for a place there.</param>
    public static byte[] Append(IReadOnlyList<ApplyFuture> commands, TimeSpan patience)
    {
        int bytesMax = FieldsBytesMax + commands.Sum(c => c.Data.Length + c.Extensions.Length + FieldsBytesMax);
        byte[] bytes = new byte[bytesMax];
        var writer = new MsgPackWriter(bytes);
        writer.ArrayHeader(1 + commands.Count);
        writer.Unsigned((ulong)Math.Max(1, (long)patience.TotalMilliseconds));
        foreach (ApplyFuture command in commands)
        {
            writer.ArrayHeader(2);
            writer.Raw(command.Data.Span);
            writer.Raw(command.Extensions.Span);
        }

        return bytes[..writer.Length];
    }

    /// <summary>Reads them.</summary>
    /// <param name="question">The bytes; the commands are parts of them.</param>
    /// <param name="patience">How long they may wait for a place.</param>
    /// <exception cref="FormatException">They are something else.</exception>
    public static List<(ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Extensions)> ReadAppend(
        ReadOnlyMemory<byte> question, out TimeSpan patience)
    {
        var reader = new MsgPackReader(question.Span);
        long count = reader.ArrayHeader() - 1;
        if (count is < 1 or > CommandsMax)
        {
            throw new MsgPackException($"{count} commands at once; 1 to {CommandsMax} are taken");
        }

        patience = TimeSpan.FromMilliseconds(Math.Clamp(reader.Unsigned(), 1, 86_400_000));
        var commands = new List<(ReadOnlyMemory<byte>, ReadOnlyMemory<byte>)>();
        for (; count > 0 && !reader.IsIncomplete; count--)
        {
            if (reader.ArrayHeader() != 2)
            {
                throw new MsgPackException("a command is no pair");
            }

            ReadOnlyMemory<byte> data = Part(ref reader, question);
            commands.Add((data, Part(ref reader, question)));
        }

        reader.RequireComplete();
        return commands;
    }

    /// <summary>Answers, one a command.</summary>
    public static byte[] Answers(IReadOnlyList<LeaderAnswer> answers)
    {
        byte[] bytes = new byte[FieldsBytesMax + answers.Sum(a => FieldsBytesMax + MsgPackWriter.TextBytesMax(Short(a.Why)))];
        var writer = new MsgPackWriter(bytes);
        writer.ArrayHeader(answers.Count);
        foreach (LeaderAnswer answer in answers)
        {
            writer.ArrayHeader(4);
            writer.Unsigned((ulong)answer.Verdict);
            writer.Unsigned(answer.Index);
            writer.Unsigned(answer.Term);
            writer.Text(Short(answer.Why));
        }

        return bytes[..writer.Length];
    }

    /// <summary>Reads them.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="count">How many there must be.</param>
    /// <exception cref="FormatException">They are something else.</exception>
    public static LeaderAnswer[] ReadAnswers(ReadOnlySpan<byte> bytes, int count)
    {
        var reader = new MsgPackReader(bytes);
        if (reader.ArrayHeader() != count)
        {
            throw new MsgPackException($"not the {count} answers that were asked for");
        }

        var answers = new LeaderAnswer[count];
        for (int i = 0; i < count; i++)
        {
            if (reader.ArrayHeader() < 4)
            {
                throw new MsgPackException("an answer lacks its parts");
            }

            var verdict = (LeaderVerdict)reader.Unsigned();
            ulong index = reader.Unsigned();
            ulong term = reader.Unsigned();
            ReadOnlySpan<byte> why = reader.Raw(int.MaxValue, out bool isNil);
            answers[i] = new LeaderAnswer(verdict, index, term, isNil ? null : Encoding.UTF8.GetString(why));
            if (verdict == LeaderVerdict.Done && index == 0)
            {
                throw new MsgPackException("something is done at no index");
            }
        }

        reader.RequireComplete();
        return answers;
    }

    private static ReadOnlyMemory<byte> Part(ref MsgPackReader reader, ReadOnlyMemory<byte> question)
    {
        int length = reader.Raw(int.MaxValue, out _).Length;
        return question.Slice(reader.Position - length, length);
    }

    private static string? Short(string? why) => why is { Length: > WhyBytesMax } ? why[..WhyBytesMax] : why;
}
