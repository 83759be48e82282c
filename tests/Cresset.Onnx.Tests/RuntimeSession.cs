using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cresset.Onnx.Tests;

// A file run by ONNX Runtime: the independent judge of what was exported.
sealed class RuntimeSession(string path) : IDisposable
{
    readonly InferenceSession session = new(path);

    internal IReadOnlyList<string> Inputs => [.. session.InputNames];

    internal Cresset.Tensor[] Run(params Cresset.Tensor[] inputs)
    {
        var values = inputs.Select((tensor, i) => Named(session.InputNames[i], tensor)).ToList();
        using var results = session.Run(values);
        return [.. results.Select(Read)];
    }

    static NamedOnnxValue Named(string name, Cresset.Tensor x)
    {
        var shape = x.Shape.AsSpan().ToArray();
        return x.DType switch
        {
            DType.Float32 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(x.ToArray<float>(), shape)),
            DType.Float64 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<double>(x.ToArray<double>(), shape)),
            DType.Int64 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(x.ToArray<long>(), shape)),
            DType.Int32 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<int>(x.ToArray<int>(), shape)),
            DType.Bool => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<bool>(x.ToArray<bool>(), shape)),
            _ => throw new ArgumentException($"no ONNX value of {x.DType}"),
        };
    }

    static Cresset.Tensor Read(DisposableNamedOnnxValue value) => value.Value switch
    {
        Tensor<float> floats => Cresset.Tensor.From([.. floats], [.. floats.Dimensions]),
        Tensor<double> doubles => Cresset.Tensor.From([.. doubles], [.. doubles.Dimensions]),
        Tensor<long> integers => Cresset.Tensor.From([.. integers], [.. integers.Dimensions]),
        Tensor<int> integers => Cresset.Tensor.From([.. integers], [.. integers.Dimensions]),
        Tensor<bool> truths => Cresset.Tensor.From([.. truths], [.. truths.Dimensions]),
        var other => throw new ArgumentException($"no tensor for {other?.GetType()}"),
    };

    public void Dispose() => session.Dispose();
}
