using System.Globalization;

namespace Cresset.Optim;

/// <summary>What is fixed for a group of parameters until a scheduler, or the user, changes it. Every optimizer derives
/// its own record; a group is given others with <c>options with { Lr = 0.1 }</c>.</summary>
public abstract record OptimizerOptions
{
    /// <summary>The learning rate. PyTorch: <c>lr</c>.</summary>
    public double Lr { get; set; }

    /// <summary>The momentum, or beta1 in Adam's family: what <c>OneCycleLr</c> cycles. Null where there is none.</summary>
    public virtual double? MomentumTerm { get => null; set { } }

    /// <summary>Names every option once, for saving, loading and copying alike: <c>Lr = values.Number("lr", Lr)</c>.</summary>
    protected internal abstract void Exchange(OptionValues values);

    /// <summary>Throws where an option lies outside its range.</summary>
    protected internal abstract void Check(string optimizer);

    /// <summary>Requires a number in a range, finite, and names optimizer, option and number where it is not.</summary>
    protected static void Require(string optimizer, string option, bool holds, string expected, double value)
    {
        if (!holds || !double.IsFinite(value))
            throw new ArgumentOutOfRangeException(option,
                $"{optimizer}: expected {option} {expected}, got {value.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Requires the learning rate to be positive. Only where a group is added: a scheduler may set it to 0.</summary>
    protected void RequireLr(string optimizer) => Require(optimizer, "lr", Lr > 0, "above 0", Lr);

    /// <summary>Requires a number that is not negative.</summary>
    protected static void RequireNotNegative(string optimizer, string option, double value) =>
        Require(optimizer, option, value >= 0, "0 or more", value);

    /// <summary>Requires a number from 0 up to, not including, 1.</summary>
    protected static void RequireFraction(string optimizer, string option, double value) =>
        Require(optimizer, option, value is >= 0 and < 1, "in [0, 1)", value);
}

/// <summary>Carries options to or from the numbers of a saved state.</summary>
public sealed class OptionValues
{
    readonly Dictionary<string, double> numbers;
    readonly string prefix;
    readonly bool loading;

    internal OptionValues(Dictionary<string, double> numbers, string prefix, bool loading)
    {
        this.numbers = numbers;
        this.prefix = prefix;
        this.loading = loading;
    }

    /// <summary>Saves <paramref name="value"/> under this name, or gives what was saved.</summary>
    public double Number(string name, double value)
    {
        if (!loading) return numbers[prefix + name] = value;
        return numbers.TryGetValue(prefix + name, out var saved) ? saved
            : throw new ArgumentException($"LoadStateDict: the state has no number {prefix + name}; it is of another optimizer or of other groups");
    }

    /// <summary>A yes or no, saved as 1 or 0.</summary>
    public bool Flag(string name, bool value) => Number(name, value ? 1 : 0) != 0;

    /// <summary>A count.</summary>
    public int Count(string name, int value)
    {
        var number = Number(name, value);
        return number is >= int.MinValue and <= int.MaxValue && number == Math.Truncate(number) ? (int)number
            : throw new ArgumentException($"LoadStateDict: expected a whole number {prefix + name}, got {number.ToString(CultureInfo.InvariantCulture)}");
    }
}
