using Cresset.Metrics;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Metrics;

/// <summary>Against scikit-learn's values: tests/reference/make_metrics.py.</summary>
public class MetricsReferenceTests
{
    const double Tolerance = 1e-12;

    static readonly ReferenceFile File = ReferenceFile.Load("metrics");

    public static TheoryData<string> Names(string @operator) => [.. File.Of(@operator).Select(c => c.Name)];

    static Tensor ToTensor(ReferenceTensor t) => Tensor.From(t.Data, t.Shape).To(t.Dtype == "int64" ? DType.Int64 : DType.Float64);

    // In uneven batches, so that streaming is what is tested.
    static void Feed(Action<Tensor, Tensor> update, Tensor predictions, Tensor targets)
    {
        var count = targets.Shape[0];
        var first = Math.Max(1, count / 3);
        foreach (var (start, length) in new[] { (0, first), (first, 0), (first, count - first) })
            update(predictions.Narrow(0, start, length), targets.Narrow(0, start, length));
    }

    [Theory]
    [MemberData(nameof(Names), "classification")]
    public void Classification_agrees_with_scikit_learn(string name)
    {
        var reference = File.Case("classification", name);
        var classes = reference.Arguments.Int("numClasses");
        Tensor predicted = ToTensor(reference.Inputs["predicted"]), target = ToTensor(reference.Inputs["target"]);
        var matrix = new ConfusionMatrix(classes);
        Feed(matrix.Update, predicted, target);
        Assert.Equal(reference.Outputs["confusionMatrix"].Data, matrix.ToArray().Cast<long>().Select(n => (double)n));
        var report = matrix.Report();
        Assert.Equal(reference.Outputs["support"].Data, report.Classes.Select(c => (double)c.Support));
        Assert.Equal(reference.Outputs["accuracy"].Item, report.Accuracy, Tolerance);
        var accuracy = new Accuracy();
        Feed(accuracy.Update, predicted, target);
        Assert.Equal(reference.Outputs["accuracy"].Item, accuracy.Value, Tolerance);
        foreach (var averaging in Enum.GetValues<Averaging>())
        {
            if (averaging == Averaging.Binary && classes != 2) continue;
            foreach (var (key, metric) in new (string, ConfusionMetric)[]
                { ("precision", new Precision(classes, averaging)), ("recall", new Recall(classes, averaging)), ("f1", new F1(classes, averaging)) })
            {
                Feed(metric.Update, predicted, target);
                Assert.Equal(reference.Outputs[$"{key}.{averaging.ToString().ToLowerInvariant()}"].Item, metric.Value, Tolerance);
                Assert.Equal(reference.Outputs[$"{key}.perClass"].Data, metric.PerClass, (a, b) => Math.Abs(a - b) < Tolerance);
                metric.Reset();
                Assert.Equal(0, metric.Value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names), "topKAccuracy")]
    public void Top_k_accuracy_agrees_with_scikit_learn(string name)
    {
        var reference = File.Case("topKAccuracy", name);
        var metric = new TopKAccuracy(reference.Arguments.Int("k"));
        Feed(metric.Update, ToTensor(reference.Inputs["scores"]), ToTensor(reference.Inputs["target"]));
        Assert.Equal(reference.Output.Item, metric.Value, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Names), "rocAuc")]
    public void Roc_auc_agrees_with_scikit_learn(string name)
    {
        var reference = File.Case("rocAuc", name);
        var metric = new RocAuc();
        Feed(metric.Update, ToTensor(reference.Inputs["scores"]), ToTensor(reference.Inputs["target"]));
        Assert.Equal(reference.Output.Item, metric.Value, Tolerance);
        metric.Reset();
        Assert.Equal(double.NaN, metric.Value);
    }

    [Theory]
    [MemberData(nameof(Names), "regression")]
    public void Regression_scores_agree_with_scikit_learn(string name)
    {
        var reference = File.Case("regression", name);
        foreach (var (key, metric) in new (string, RegressionMetric)[]
            { ("mse", new MeanSquaredError()), ("mae", new MeanAbsoluteError()), ("r2", new R2()) })
        {
            Feed(metric.Update, ToTensor(reference.Inputs["predicted"]), ToTensor(reference.Inputs["target"]));
            var expected = reference.Outputs[key].Item;
            Assert.Equal(expected, metric.Value, 1e-9 * Math.Max(1, Math.Abs(expected)));
        }
    }
}
