namespace Cresset.Kernels.Cpu;

/// <summary>The fast backend: vectors of the widest kind that the processor has, and the threads of the worker pool.</summary>
public sealed unsafe partial class CpuBackend : Backend
{
    CpuBackend()
    {
    }

    /// <summary>The only instance.</summary>
    public static CpuBackend Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "cpu";

    static NotSupportedException Unsupported(string kernel, DType dtype) => new($"{kernel} has no kernel for {dtype.Name()}");
}
