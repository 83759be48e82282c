using Xunit;

namespace Cresset.Cli.Tests;

public class HelpTests
{
    [Fact]
    public void Help_of_the_command_names_its_subcommands_and_exit_codes()
    {
        var result = CommandLine.Run("--help");
        Assert.Equal(0, result.Code);
        Assert.Empty(result.Error);
        foreach (var expected in new[] { "cresset [command]", "train", "eval", "predict", "Examples:", "0 done, 1 failed, 2 bad usage" })
            Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train", "--data,--data-dir,--model,--epochs,--batch-size,--optimizer,--lr,--momentum,--weight-decay,--clip-norm,--seed,--threads,--output,--name,--train-count,--test-count,--workers,--quiet,--plain,--config,--resume,--target,--task,--validation,--class-weights,--patience,--keep,--checkpoint-every")]
    [InlineData("eval", "--model,--data,--data-dir,--test-count,--batch-size,--threads,--json")]
    [InlineData("predict", "--model,--invert,--top,--length,--temperature,--top-k,--top-p,--seed,--json,<input>")]
    public void Help_of_a_subcommand_lists_its_options_and_examples(string command, string options)
    {
        var result = CommandLine.Run(command, "--help");
        Assert.Equal(0, result.Code);
        foreach (var option in options.Split(',')) Assert.Contains(option, result.Output, StringComparison.Ordinal);
        Assert.Contains($"  cresset {command} ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_lists_every_model_data_set_and_optimizer()
    {
        var help = CommandLine.Run("train", "-h").Output.ReplaceLineEndings(" ");
        foreach (var name in new[] { "digits", "mnist", "fashion-mnist", "names", "ud-ewt", "tinyshakespeare", "mlp", "cnn", "vit", "gru", "tagger", "char-transformer", "sgd", "adam", "adamw", "rmsprop", "adagrad", "adamax", "asgd", "rprop" })
            Assert.Contains(name, help, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_is_the_projects()
    {
        var result = CommandLine.Run("--version");
        Assert.Equal(0, result.Code);
        Assert.Matches(@"^\d+\.\d+\.\d+", result.Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("trian")]
    [InlineData("train --epoch 3")]
    [InlineData("train --epochs many")]
    [InlineData("train --epochs")]
    [InlineData("train surplus")]
    [InlineData("eval")]
    [InlineData("predict --model x")]
    [InlineData("predict seven.png")]
    [InlineData("predict --model x --invert perhaps seven.png")]
    public void Bad_usage_is_exit_code_2_with_nothing_on_standard_output(string line)
    {
        var result = CommandLine.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trian", "Did you mean train?")]
    [InlineData("train --epoch 3", "Did you mean --epochs?")]
    [InlineData("train --batchsize 3", "Did you mean --batch-size?")]
    [InlineData("train --epochs 2.5", "--epochs: expected a whole number, got '2.5'.")]
    [InlineData("train --lr fast", "--lr: expected a number or find, got 'fast'.")]
    public void Bad_usage_says_what_was_meant_or_expected(string line, string expected) =>
        Assert.Contains(expected, CommandLine.Run(line.Split(' ')).Error, StringComparison.Ordinal);
}
