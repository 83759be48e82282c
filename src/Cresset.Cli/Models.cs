namespace Cresset.Cli;

/// <summary>The networks that `--model` knows.</summary>
static class Models
{
    public static string Names => "mlp, cnn";
}
