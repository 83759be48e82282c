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
}
