namespace Cresset.Cli;

