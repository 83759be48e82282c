using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

// What an optimizer's step does to parameters of one type on one backend, gathered, so that one kernel does it all.
abstract class UpdateBatch
{
    internal abstract void Run();

    /// <summary>Forgets what was gathered: neither gradients nor parameters live by this.</summary>
    internal abstract void Clear();
}

sealed class UpdateBatch<TFunction> : UpdateBatch where TFunction : unmanaged, IUpdateFunction
{
    ParameterUpdate<TFunction>[] updates = new ParameterUpdate<TFunction>[4];
    Backend? backend;
    int count;

    internal bool Takes(Tensor parameter) => count == 0 || backend == parameter.Backend && updates[0].Parameter.DType == parameter.DType;

    internal void Add(in ParameterUpdate<TFunction> update, Backend backend)
    {
        this.backend = backend;
        if (count == updates.Length) Array.Resize(ref updates, 2 * count);
        updates[count++] = update;
    }

    internal override void Run()
    {
        if (count > 0) backend!.Update<TFunction, ParameterUpdate<TFunction>>(updates.AsSpan(0, count));
    }

    internal override void Clear()
    {
        updates.AsSpan(0, count).Clear();
        count = 0;
    }
}

readonly struct ParameterUpdate<TFunction> : IUpdateStep<TFunction> where TFunction : unmanaged, IUpdateFunction
{
    readonly TFunction function;
    readonly Tensor parameter, gradient;
    readonly States states;

    internal ParameterUpdate(in TFunction function, Tensor parameter, Tensor gradient, ReadOnlySpan<Tensor> states)
    {
        this.function = function;
        this.parameter = parameter;
        this.gradient = gradient;
        StateCount = states.Length;
        states.CopyTo(this.states!);
    }

    public TFunction Function => function;

    public ref readonly Operand Parameter => ref parameter.Operand;

    public ref readonly Operand Gradient => ref gradient.Operand;

    public int StateCount { get; }

    public ref readonly Operand State(int index) => ref states[index]!.Operand;

    [InlineArray(3)]
    struct States
    {
        Tensor? first;
    }
}
