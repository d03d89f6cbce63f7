using Raft.Fsm.Sample.CommandLine;

return await CommandTable.RunAsync(args, Console.Out, Console.Error);
