return await Raftsim.SimCommand.Create().Parse(args).InvokeAsync();
