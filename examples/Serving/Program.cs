using Cresset.Examples.Serving;

Service.Build(args).Run();
