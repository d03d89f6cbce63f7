namespace Raft.Fsm.Sample.CommandLine;

/// <summary>The command line is wrong. The message says what, and how to mend it, in one line.</summary>
internal sealed class UsageException(string message) : Exception(message);
