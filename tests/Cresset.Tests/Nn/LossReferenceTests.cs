using Cresset.Nn;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public class LossReferenceTests
{
    public static TheoryData<string, string, DType> Cases()
    {
        var data = new TheoryData<string, string, DType>();
        foreach (var c in ReferenceFile.Load("losses").Cases)
            foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                data.Add(c.Operator, c.Name, dtype);
        return data;
    }

    static Loss Make(ReferenceCase c, DType dtype)
    {
        var a = c.Arguments;
        var reduction = a.String("reduction", "mean") switch
        {
            "none" => LossReduction.None,
            "mean" => LossReduction.Mean,
            "sum" => LossReduction.Sum,
            "batchmean" => LossReduction.BatchMean,
            var other => throw new InvalidOperationException(other),
        };
        Tensor? Input(string name) => c.Inputs.TryGetValue(name, out var found) ? NnReference.Read(found, dtype) : null;
        return c.Operator switch
        {
            "MSELoss" => new MseLoss(reduction),
            "L1Loss" => new L1Loss(reduction),
            "SmoothL1Loss" => new SmoothL1Loss(a.Double("beta", 1), reduction),
            "HuberLoss" => new HuberLoss(a.Double("delta", 1), reduction),
            "BCELoss" => new BceLoss(Input("weight"), reduction),
            "BCEWithLogitsLoss" => new BceWithLogitsLoss(Input("weight"), Input("posWeight"), reduction),
            "NLLLoss" => new NllLoss(Input("weight"), a.Int("ignoreIndex", -100), reduction),
            "CrossEntropyLoss" => new CrossEntropyLoss(Input("weight"), a.Int("ignoreIndex", -100), a.Double("labelSmoothing", 0), reduction),
            "KLDivLoss" => new KlDivLoss(a.Bool("logTarget", false), reduction),
            _ => throw new InvalidOperationException($"no loss {c.Operator}"),
        };
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Loss_and_gradient_are_PyTorchs(string loss, string name, DType dtype)
    {
        var c = ReferenceFile.Load("losses").Case(loss, name);
        var input = NnReference.Read(c.Inputs["input"], dtype);
        var target = NnReference.Read(c.Inputs["target"], dtype);
        input.RequiresGrad = true;
        if (c.Gradients.ContainsKey("target")) target.RequiresGrad = true;
        var criterion = Make(c, dtype);
        var y = criterion.Forward(input, target);
        var tolerance = NnReference.Tolerance(dtype);
        NnReference.AreClose(c.Output, y, tolerance, "loss");
        if (c.Gradients.Count == 0) return;
        y.Backward(NnReference.Read(c.GradOutput, dtype), retainGraph: true);
        if (c.Gradients.TryGetValue("input", out var expected)) NnReference.AreClose(expected, input.Grad!, tolerance, "gradient of the input");
        if (c.Gradients.TryGetValue("target", out expected)) NnReference.AreClose(expected, target.Grad!, tolerance, "gradient of the target");

        // The form that can be differentiated again must agree with the fast one.
        if (!c.Gradients.TryGetValue("input", out expected)) return;
        var recorded = Autograd.Grad(y, input, NnReference.Read(c.GradOutput, dtype), createGraph: true);
        NnReference.AreClose(expected, recorded, tolerance, "recorded gradient of the input");
    }
}
