using Raft.Simulation;

namespace Raft.Tests.Simulation;

/// <summary>A register as a user would specify it, with no checks before the search and no help for it.</summary>
internal sealed class PlainRegister : SequentialSpecification<long, RegisterCall, long>
{
    private readonly RegisterSpecification _register = new();

    public override long InitialState(string key) => 0;

    public override (long State, long Result) Apply(long state, RegisterCall call) => _register.Apply(state, call);
}
