using Cresset.Metrics;
using Xunit;

namespace Cresset.Tests.Metrics;

public class MetricsTests
{
    static Tensor Labels(params long[] labels) => Tensor.From(labels);

    [Fact]
    public void Scores_count_by_their_first_highest()
    {
        var scores = Tensor.From(new float[,] { { 1, 3, 2 }, { 5, 5, 1 }, { -3, -2, -1 } });
        var accuracy = new Accuracy();
        accuracy.Update(scores, Labels(1, 0, 1));
        Assert.Equal(2 / 3.0, accuracy.Value);
        Assert.Equal((2L, 3L), (accuracy.Correct, accuracy.Count));
        var matrix = new ConfusionMatrix(3);
        matrix.Update(scores, Labels(1, 0, 1));
        Assert.Equal(1, matrix[1, 2]);
        accuracy.Reset();
        Assert.Equal(double.NaN, accuracy.Value);
    }

    [Fact]
    public void Scores_of_any_strides_and_type_are_read()
    {
        var scores = Tensor.From(new double[,] { { 1, 5, -3 }, { 3, 5, -2 }, { 2, 1, -1 } }).Transpose(0, 1);
        var accuracy = new Accuracy();
        accuracy.Update(scores, Tensor.From(new[] { 1, 0, 1 }));
        Assert.Equal(2 / 3.0, accuracy.Value);
    }

    [Fact]
    public void Nan_is_never_among_the_top_k()
    {
        var metric = new TopKAccuracy(2);
        metric.Update(Tensor.From(new[,] { { float.NaN, 1, 2 }, { float.NaN, 1, 2 } }), Labels(0, 1));
        Assert.Equal(0.5, metric.Value);
    }

    [Fact]
    public void Wrong_shapes_and_labels_are_refused_and_leave_the_score_alone()
    {
        var accuracy = new Accuracy();
        accuracy.Update(Labels(1, 2), Labels(1, 2));
        var e = Assert.Throws<ArgumentException>(() => accuracy.Update(Tensor.Zeros([2, 3]), Labels(0, 3)));
        Assert.Contains("targets from 0 to 2, got 3 at index 1", e.Message);
        Assert.Contains("[2, 3] and [3]", Assert.Throws<ArgumentException>(() => accuracy.Update(Tensor.Zeros([2, 3]), Labels(0, 1, 2))).Message);
        Assert.Throws<ArgumentException>(() => accuracy.Update(Tensor.Zeros([2]), Labels(0, 1)));
        Assert.Throws<ArgumentException>(() => accuracy.Update(Tensor.Zeros([2, 3]), Tensor.Zeros([2])));
        Assert.Throws<ArgumentException>(() => accuracy.Update(Labels(0, -1), Labels(0, 1)));
        Assert.Equal((1.0, 2L), (accuracy.Value, accuracy.Count));
        Assert.Contains("Precision: expected scores [N, 4]", Assert.Throws<ArgumentException>(() => new Precision(4).Update(Tensor.Zeros([2, 3]), Labels(0, 1))).Message);
        Assert.Throws<ArgumentException>(() => new ConfusionMatrix(2).Update(Labels(0, 2), Labels(0, 1)));
        Assert.Throws<ArgumentException>(() => new TopKAccuracy(4).Update(Tensor.Zeros([2, 3]), Labels(0, 1)));
        Assert.Throws<ArgumentException>(() => new RocAuc().Update(Tensor.Zeros([2, 2]), Labels(0, 1)));
        Assert.Throws<ArgumentException>(() => new RocAuc().Update(Tensor.From([0f, float.NaN]), Labels(0, 1)));
        Assert.Throws<ArgumentException>(() => new RocAuc().Update(Tensor.Zeros([2]), Labels(0, 2)));
        Assert.Contains("broadcasting", Assert.Throws<ArgumentException>(() => new MeanSquaredError().Update(Tensor.Zeros([2, 1]), Tensor.Zeros([2]))).Message);
        Assert.Throws<ArgumentException>(() => new R2().Update(Tensor.Zeros([2, 2]), Tensor.Zeros([2, 2])));
        Assert.Throws<ArgumentException>(() => new F1(3, Averaging.Binary));
    }

    [Fact]
    public void R2_of_equal_targets_follows_scikit_learn()
    {
        // sklearn.metrics.r2_score([2, 2], [2, 2]) is 1.0, r2_score([2, 2], [1, 2]) is 0.0.
        var r2 = new R2();
        r2.Update(Tensor.From([2f, 2f]), Tensor.From([2f, 2f]));
        Assert.Equal(1, r2.Value);
        r2.Reset();
        r2.Update(Tensor.From([1f, 2f]), Tensor.From([2f, 2f]));
        Assert.Equal(0, r2.Value);
        r2.Reset();
        r2.Update(Tensor.From([1f]), Tensor.From([2f]));
        Assert.Equal(double.NaN, r2.Value);
    }

    [Fact]
    public void A_report_prints_as_a_table()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Update(Labels(0, 1, 1, 1), Labels(0, 0, 1, 1));
        Assert.Equal("""
                          precision  recall      f1  support
            cat               1.000   0.500   0.667        2
            dog               0.667   1.000   0.800        2

            micro avg         0.750   0.750   0.750        4
            macro avg         0.833   0.750   0.733        4
            weighted avg      0.833   0.750   0.733        4

            """, matrix.Report(["cat", "dog"]).ToString());
        Assert.Throws<ArgumentException>(() => matrix.Report(["cat"]));
    }
}
