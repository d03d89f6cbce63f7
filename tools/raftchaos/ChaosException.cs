namespace Raftchaos;

/// <summary>A run cannot go on: a node that must come back does not.</summary>
internal sealed class ChaosException(string message) : Exception(message);
