return await Raftchaos.ChaosCommand.Create().Parse(args).InvokeAsync();
