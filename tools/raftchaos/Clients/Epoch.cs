using System.Globalization;

namespace Raftchaos.Clients;

/// <summary>
/// Some seconds of a run, with keys of its own: so its operations can be checked, and forgotten, while the run goes on. Used from
/// any thread.
/// </summary>
/// <param name="number">Its place among the epochs.</param>
internal sealed class Epoch(long number)
{
    /// <summary>How many keys it has. Clients meet on them often enough, and a search of one is short.</summary>
    public const int Keys = 40;

    private readonly Lock _gate = new();
    private readonly List<RegisterOperation> _operations = [];
    private int _open;
    private bool _isClosed;

    /// <summary>Its place among the epochs.</summary>
    public long Number => number;

    /// <summary>The operations, in the order of their invokes. For after it was closed.</summary>
    public IReadOnlyList<RegisterOperation> Operations => [.. _operations.OrderBy(o => o.InvokedAt)];

    /// <summary>A key's name.</summary>
    public string Key(int key) => string.Create(CultureInfo.InvariantCulture, $"e{number}k{key}");

    /// <summary>Begins an operation.</summary>
    /// <returns>False where the epoch is closed.</returns>
    public bool TryEnter()
    {
        lock (_gate)
        {
            _open += _isClosed ? 0 : 1;
            return !_isClosed;
        }
    }

    /// <summary>Notes what was begun.</summary>
    public void Add(RegisterOperation operation)
    {
        lock (_gate)
        {
            _operations.Add(operation);
        }
    }

    /// <summary>Ends an operation, whatever came of it.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _open--;
        }
    }

    /// <summary>Takes no more operations, if none is under way.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            _isClosed |= _open == 0;
            return _isClosed;
        }
    }
}
