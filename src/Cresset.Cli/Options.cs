using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Cresset.Cli;

/// <summary>Options of the kinds that the commands need.</summary>
static class Options
{
    /// <summary>A number. Its default is shown in the help; <see cref="Given{T}"/> tells it from a value that was typed.</summary>
    public static Option<T?> Number<T>(string name, string description, T? defaultValue = null, params string[] aliases)
        where T : struct, INumber<T>
    {
        var option = new Option<T?>(name, aliases)
        {
            Description = description,
            HelpName = "n",
            CustomParser = result =>
            {
                var text = result.Tokens[^1].Value;
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return value;
                bool whole = T.IsInteger(T.One / (T.One + T.One)); // one half is 0 among integers
                result.AddError($"{name}: expected a {(whole ? "whole " : "")}number, got '{text}'.");
                return null;
            },
        };
        if (defaultValue is not null) option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    /// <summary>A text.</summary>
    public static Option<string?> Text(string name, string help, string description, string? defaultValue = null, params string[] aliases)
    {
        var option = new Option<string?>(name, aliases) { Description = description, HelpName = help };
        if (defaultValue is not null) option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    /// <summary>--model of the commands that read one.</summary>
    public static Option<string> Model() => new("--model", "-m")
    {
        Description = "A run folder of `cresset train`, the model.safetensors in one, or an .onnx file of `cresset export` or `import`.",
        HelpName = "folder|file",
        Required = true,
    };

    /// <summary>Refuses a value that is not what the option takes.</summary>
    /// <exception cref="CommandException">It is not right.</exception>
    public static void Require<T>(string option, T value, bool right, string expected)
    {
        if (!right) throw CommandException.Usage(FormattableString.Invariant($"{option}: expected {expected}, got {value}."));
    }

    /// <summary>Refuses a whole number below the least; null is not given.</summary>
    /// <exception cref="CommandException">It is below.</exception>
    public static void AtLeast(string option, int? value, int least) =>
        Require(option, value, value is null || value >= least, $"a whole number of at least {least}");

    /// <summary>The value that was typed, or the other one.</summary>
    public static T Given<T>(this ParseResult result, Option<T> option, T otherwise) =>
        result.GetResult(option) is OptionResult { Implicit: false } ? result.GetValue(option)! : otherwise;
}
