using Cresset.Nn;
using Cresset.Tests;
using Xunit;

namespace Cresset.Onnx.Tests;

public class DamagedFileTests
{
    static string Reference(string name) => Path.Combine(AppContext.BaseDirectory, "reference", name);

    [Fact]
    public void Onnx_files()
    {
        using var temp = new TempFolder();
        OnnxExporter.Export(new Sequential(new Linear(3, 2), new ReLU()), Tensor.Rand([1, 3]), temp["small.onnx"]);
        var path = temp["damaged.onnx"];
        byte[][] valid = [.. new[] { temp["small.onnx"], Reference("gru.onnx"), Reference("rnn.onnx"), Reference("resized.onnx"), Reference("transposed.onnx") }.Select(File.ReadAllBytes)];
        DamagedFiles.Try<FormatException>(path, valid, () => OnnxModel.Load(path));
    }

    // Whatever is read computes, or says what does not fit; what it asks for is bounded by the caller's limit.
    [Fact]
    public void Models_of_damaged_files()
    {
        using var temp = new TempFolder();
        Random.Seed(1);
        (Nn.Module Model, Tensor Input)[] small =
        [
            (new Sequential(new Conv2d(1, 2, 3, stride: 2, padding: 1), new BatchNorm2d(2), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(8, 2)), Tensor.Rand([1, 1, 8, 8])),
            (new Sequential(new Linear(8, 4), new LayerNorm(4), new GELU(), new Softmax(-1)), Tensor.Rand([1, 1, 8, 8])),
        ];
        var path = temp["damaged.onnx"];
        byte[][] valid = [.. small.Select(one =>
        {
            OnnxExporter.Export(one.Model, one.Input, path);
            return File.ReadAllBytes(path);
        })];
        DamagedFiles.Try<FormatException>(path, valid, () =>
        {
            var model = OnnxModel.Load(path);
            try
            {
                using (MemoryPool.Limit(1 << 18)) model.Forward([.. model.InputNames.Select(_ => small[0].Input)]);
            }
            catch (InsufficientMemoryException e)
            {
                throw new ArgumentException($"{path}: {e.Message}", e);
            }
        }, other: typeof(ArgumentException), memory: 1 << 22);
    }
}
