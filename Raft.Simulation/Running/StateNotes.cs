namespace Raft.Simulation.Running;

/// <summary>Which states servers had after which entry, kept while a seed is run again for its report.</summary>
internal sealed class StateNotes
{
    private readonly SortedDictionary<ulong, List<(ServerId Server, ulong Digest, string? Text)>> _states = [];

    /// <summary>A server is in a state after an entry.</summary>
    public void Add(ulong index, ServerId server, ulong digest, string? text)
    {
        if (!_states.TryGetValue(index, out List<(ServerId Server, ulong Digest, string? Text)>? states))
        {
            _states[index] = states = [];
        }

        if (!states.Exists(s => s.Server == server && s.Digest == digest))
        {
            states.Add((server, digest, text));
        }
    }

    /// <summary>The states after the first entry that led to several; null where none did.</summary>
    public (ulong Index, IEnumerable<string> States)? FirstDifference()
    {
        foreach ((ulong index, List<(ServerId Server, ulong Digest, string? Text)> states) in _states)
        {
            if (states.Exists(s => s.Digest != states[0].Digest))
            {
                return (index, states.Select(s => $"{s.Server}: {s.Text ?? $"{s.Digest:x16}"}"));
            }
        }

        return null;
    }
}
