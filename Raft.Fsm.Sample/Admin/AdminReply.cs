using System.Text.Json;

namespace Raft.Fsm.Sample.Admin;

/// <summary>A node's answer to an administrator.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
internal sealed record AdminReply(int Status, byte[] Body)
{
    /// <summary>A number of an answer in JSON.</summary>
    /// <exception cref="AdminException">It is not there.</exception>
    public ulong Number(string name) => Read(root => root.GetProperty(name).GetUInt64());

    /// <summary>The answer, read as JSON.</summary>
    /// <exception cref="AdminException">It is of another form.</exception>
    public T Read<T>(Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Body);
            return read(document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException)
        {
            throw new AdminException("it does not answer as a raftkv node", failure);
        }
    }

    /// <summary>What an error answer says.</summary>
    public string Problem()
    {
        try
        {
            return Read(root => $"{root.GetProperty("error").GetString()}: {root.GetProperty("message").GetString()}");
        }
        catch (AdminException)
        {
            return $"it answers {Status}";
        }
    }
}
