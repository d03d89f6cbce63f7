using System.Text.Json;
using Raft.Fsm.Sample.Node;

namespace Raft.Fsm.Sample.Http;

/// <summary>The status of a node in the form of the contract.</summary>
internal static class StatusJson
{
    /// <summary>Writes a status.</summary>
    public static void Write(Utf8JsonWriter json, RaftStatus status, LeaderInfo? leader)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, status.Id.ToString());
        json.WriteString("state"u8, status.State.ToString());
        json.WriteNumber("term"u8, status.Term);
        ErrorAnswer.WriteLeader(json, leader);
        json.WriteNumber("lastLogIndex"u8, status.LastLogIndex);
        json.WriteNumber("lastLogTerm"u8, status.LastLogTerm);
        json.WriteNumber("commitIndex"u8, status.CommitIndex);
        json.WriteNumber("appliedIndex"u8, status.AppliedIndex);
        json.WriteNumber("fsmPending"u8, status.FsmPending);
        json.WriteNumber("lastSnapshotIndex"u8, status.LastSnapshotIndex);
        json.WriteNumber("lastSnapshotTerm"u8, status.LastSnapshotTerm);
        WriteAge(json, status.LastContact);
        WriteConfiguration(json, status);
        if (status.State == RaftState.Leader)
        {
            WriteFollowers(json, status.Followers);
            json.WriteNumber("failureTolerance"u8, status.FailureTolerance ?? 0);
        }

        json.WriteEndObject();
    }

    private static void WriteConfiguration(Utf8JsonWriter json, RaftStatus status)
    {
        json.WriteStartObject("configuration"u8);
        json.WriteNumber("index"u8, status.ConfigurationIndex);
        WriteServers(json, status.Configuration);
        json.WriteEndObject();
    }

    /// <summary>Writes the servers of a configuration, as the member <c>servers</c>.</summary>
    public static void WriteServers(Utf8JsonWriter json, ClusterConfiguration configuration)
    {
        json.WriteStartArray("servers"u8);
        foreach (Server server in configuration.Servers)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, server.Id.ToString());
            json.WriteString("address"u8, server.Address.ToString());
            json.WriteString("suffrage"u8, server.IsVoter ? "Voter"u8 : "Nonvoter"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFollowers(Utf8JsonWriter json, IReadOnlyList<FollowerStatus> followers)
    {
        json.WriteStartArray("followers"u8);
        foreach (FollowerStatus follower in followers)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, follower.Id.ToString());
            json.WriteNumber("matchIndex"u8, follower.MatchIndex);
            json.WriteNumber("nextIndex"u8, follower.NextIndex);
            WriteAge(json, follower.LastContact);
            json.WriteString("mode"u8, follower.Mode);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteAge(Utf8JsonWriter json, TimeSpan? age)
    {
        if (age is { } since)
        {
            json.WriteNumber("lastContactMs"u8, (long)since.TotalMilliseconds);
        }
        else
        {
            json.WriteNull("lastContactMs"u8);
        }
    }
}
