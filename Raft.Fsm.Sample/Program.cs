// The program: everything it can do stands in the command table.
using Raft.Fsm.Sample.CommandLine;

return await CommandTable.RunAsync(args, Console.Out, Console.Error);
