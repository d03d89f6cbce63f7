using System.Buffers.Binary;
using System.Text;

namespace Raft.Tests.Sessions;

// docs begin
/// <summary>One account, with sessions in its own commands: "client number amount". Answers the new balance.</summary>
internal sealed class PaymentFsm : IFsm
{
    private long _balance;
    private SessionTable _sessions = new();

    public object? Apply(LogEntry entry)
    {
        string[] words = Encoding.UTF8.GetString(entry.Data.Span).Split(' ');
        if (words.Length != 3 || !ulong.TryParse(words[1], out ulong number) || !long.TryParse(words[2], out long amount))
        {
            return "this is no payment";
        }

        var request = new SessionRequest(words[0], number);
        SessionAnswer answer = _sessions.Check(request, entry.Index);
        if (answer.Verdict == SessionVerdict.New)
        {
            _balance += amount;
            answer = answer with { Result = BitConverter.GetBytes(_balance) };
            _sessions.Record(request, entry.Index, answer.Result);
        }

        return answer;
    }

    public IFsmSnapshot Snapshot() => new Held(_balance, _sessions.Snapshot());

    public async Task RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        byte[] balance = new byte[sizeof(long)];
        await snapshot.ReadExactlyAsync(balance, cancellationToken);
        _sessions = await SessionTable.ReadAsync(snapshot, cancellationToken);
        _balance = BinaryPrimitives.ReadInt64LittleEndian(balance);
    }

    private sealed class Held(long balance, IFsmSnapshot sessions) : IFsmSnapshot
    {
        public async Task PersistAsync(Stream destination, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(BitConverter.GetBytes(balance), cancellationToken);
            await sessions.PersistAsync(destination, cancellationToken);
        }

        public void Dispose() => sessions.Dispose();
    }
}

// docs end
