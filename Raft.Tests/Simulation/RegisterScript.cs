using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>A history of registers, written by hand, with times in seconds. Without an end, the outcome is unknown.</summary>
internal sealed class RegisterScript
{
    private readonly List<RegisterOperation> _operations = [];

    public IReadOnlyList<RegisterOperation> Operations => _operations;

    public RegisterScript Put(int client, long value, double from, double? to = null, string key = "k", ulong index = 0) =>
        Add(client, key, RegisterCall.Put(value), result: 0, from, to, index);

    public RegisterScript Get(int client, long result, double from, double? to = null, string key = "k", ulong index = 0) =>
        Add(client, key, RegisterCall.Get(), result, from, to, index);

    public RegisterScript Swap(
        int client, long expected, long value, double from, double? to = null, bool swapped = true) =>
        Add(client, "k", RegisterCall.CompareAndSwap(expected, value), swapped ? 1 : 0, from, to, index: 0);

    /// <summary>A put that is recorded as not having happened.</summary>
    public RegisterScript RejectedPut(int client, long value, double from, double to, string key = "k")
    {
        var operation = new RegisterOperation(client, key, RegisterCall.Put(value), TimeSpan.FromSeconds(from));
        operation.Reject(TimeSpan.FromSeconds(to));
        _operations.Add(operation);
        return this;
    }

    public LinearizabilityResult Check() => LinearizabilityChecker.Check(Operations, new RegisterSpecification());

    /// <summary>The verdict of the search alone, without what is checked before it.</summary>
    public LinearizabilityResult Search() => LinearizabilityChecker.Check(Operations, new PlainRegister());

    private RegisterScript Add(int client, string key, RegisterCall call, long result, double from, double? to, ulong index)
    {
        var operation = new RegisterOperation(client, key, call, TimeSpan.FromSeconds(from));
        if (to is { } end)
        {
            operation.Return(result, TimeSpan.FromSeconds(end), node: null, index, term: 0);
        }

        _operations.Add(operation);
        return this;
    }
}
