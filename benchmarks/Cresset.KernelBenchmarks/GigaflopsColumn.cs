using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Cresset.KernelBenchmarks;

/// <summary>A benchmark's case that knows how many floating-point operations one call takes.</summary>
public interface ICountedCase
{
    /// <summary>Multiplications and additions, those with padding included.</summary>
    double Operations { get; }
}

/// <summary>Operations of a call by its mean time.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class GigaflopsColumnAttribute() : ColumnConfigBaseAttribute(new GigaflopsColumn());

sealed class GigaflopsColumn : IColumn
{
    public string Id => "GFLOP/s";
    public string ColumnName => "GFLOP/s";
    public bool AlwaysShow => true;
    public ColumnCategory Category => ColumnCategory.Custom;
    public int PriorityInCategory => 0;
    public bool IsNumeric => true;
    public UnitType UnitType => UnitType.Dimensionless;
    public string Legend => "floating-point operations of a call by its mean time";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var counted = benchmarkCase.Parameters.Items.Select(item => item.Value).OfType<ICountedCase>().FirstOrDefault();
        return counted is null || summary[benchmarkCase]?.ResultStatistics is not { } statistics ? "-" : (counted.Operations / statistics.Mean).ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
