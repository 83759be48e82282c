using BenchmarkDotNet.Running;

// --filter '*Convolution*', --list flat, --job short: see BenchmarkDotNet's own help, --help.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
