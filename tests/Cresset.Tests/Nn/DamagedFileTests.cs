using Cresset.Nn;
using Cresset.Optim;
using Cresset.Serialization;
using Cresset.Tests.Reference;
using Cresset.Training;
using Xunit;

namespace Cresset.Tests.Nn;

public sealed class DamagedFileTests : IDisposable
{
    readonly TempFolder temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("legacy")]
    [InlineData("zip")]
    public void PyTorch_s_files(string form)
    {
        byte[][] valid = [.. new[] { "types", "views", "training", "parallel" }.Select(name => File.ReadAllBytes(Path.Combine(ReferenceFile.Folder, "checkpoints", $"{name}-{form}.pt")))];
        var path = temp["damaged.pt"];
        DamagedFiles.Try<FormatException>(path, valid, () =>
        {
            foreach (var tensor in TorchCheckpoint.Load(path).Tensors.Values) _ = tensor.ToString();
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Safetensors_files(bool mapped)
    {
        SafeTensors.Save(temp["a"], new Dictionary<string, Tensor> { ["weight"] = Tensor.Ones([3, 4]), ["flags"] = Tensor.From([true, false]), ["count"] = Tensor.Zeros([], DType.Int64) }, new Dictionary<string, string> { ["x"] = "y" });
        SafeTensors.Save(temp["b"], new Dictionary<string, Tensor> { ["empty"] = Tensor.Zeros([0, 2]), ["long"] = Tensor.Arange(40) });
        var path = temp["damaged.safetensors"];
        DamagedFiles.Try<FormatException>(path, [File.ReadAllBytes(temp["a"]), File.ReadAllBytes(temp["b"])], () =>
        {
            var file = mapped ? SafeTensors.Map(path) : SafeTensors.Load(path);
            foreach (var tensor in file.Tensors.Values) _ = tensor.ToString();
        });
    }
}
