namespace Cresset.Kernels;

/// <summary>What a device must be able to do: few primitives, from which the operators are composed. Results are written
/// to operands that the operator has allocated with the right shape and type; inputs are already promoted to one type
/// and expanded to one shape.</summary>
/// <remarks>A primitive may take a pointer from a storage, so it ends with <c>GC.KeepAlive</c> of its operands' storages:
/// the caller may hold the last reference in a register.</remarks>
public abstract partial class Backend
{
    [ThreadStatic] static Backend? chosen;

    /// <summary>Where new tensors are made: the CPU, unless <see cref="Use"/> says otherwise on this thread.</summary>
    public static Backend Default => chosen ?? Cpu.CpuBackend.Instance;

    /// <summary>Until disposed, tensors created on this thread belong to <paramref name="backend"/>.</summary>
    public static Scope Use(Backend backend) => new(backend);

    /// <summary>Restores the backend that was the default before, when disposed.</summary>
    public readonly struct Scope : IDisposable
    {
        readonly Backend? before;

        internal Scope(Backend backend)
        {
            before = chosen;
            chosen = backend;
        }

        /// <summary>Ends the scope.</summary>
        public void Dispose() => chosen = before;
    }

    /// <summary>The backend's name, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Uninitialised memory.</summary>
    public virtual Storage Allocate(long bytes) => MemoryPool.Rent(bytes, this);

    /// <summary>y = value everywhere.</summary>
    public abstract void Fill(Scalar value, in Operand y);

    /// <summary>y = x, converted to y's type: truncated towards zero for integers, 0 or 1 for bool.</summary>
    public abstract void Copy(in Operand x, in Operand y);

    /// <summary>y = f(x).</summary>
    public abstract void Unary<TFunction>(TFunction f, in Operand x, in Operand y) where TFunction : unmanaged, IUnaryFunction;

    /// <summary>dx = dy * f'(x, y). The operand that the derivative does not use may be any of the right shape.</summary>
    public abstract void UnaryGradient<TFunction>(TFunction f, in Operand dy, in Operand x, in Operand y, in Operand dx)
        where TFunction : unmanaged, IDifferentiableFunction;

    /// <summary>y = f(a, b).</summary>
    public abstract void Binary<TFunction>(TFunction f, in Operand a, in Operand b, in Operand y) where TFunction : unmanaged, IBinaryFunction;

    /// <summary>y = test(a, b), y of bool.</summary>
    public abstract void Compare<TPredicate>(TPredicate test, in Operand a, in Operand b, in Operand y) where TPredicate : unmanaged, IPredicate;

    /// <summary>y = condition ? a : b, condition of bool.</summary>
    public abstract void Where(in Operand condition, in Operand a, in Operand b, in Operand y);

    /// <summary>Folds the dimensions of x that have size 1 in y; y has x's rank and type.</summary>
    public abstract void Reduce<TReduction>(TReduction f, in Operand x, in Operand y) where TReduction : unmanaged, IReduction;

    /// <summary>Of y = the largest or smallest of each row of x: dx = dy / count where x is y, count of them in the row, else 0; NaN in a row whose y
    /// is NaN. x and dx are rows [rows, n], y and dy [rows]; all contiguous.</summary>
    public abstract void ExtremeGradient(in Operand dy, in Operand x, in Operand y, in Operand dx);

    /// <summary>The index (int64) of the first largest or smallest element along <paramref name="dim"/>, which has size 1 in y;
    /// the first NaN, where there is one.</summary>
    public abstract void ArgExtreme(bool largest, in Operand x, int dim, in Operand y);

    /// <summary>c = a b (+ bias to every row), or the larger of that and 0: the last two dimensions are matrices, those before are equal in
    /// all three; c is contiguous, and so is the bias, where there is one.</summary>
    public abstract void MatMul(in Operand a, in Operand b, Operand? bias, in Operand c, bool relu = false);

    /// <summary>Of y = the larger of a sum with a bias and 0, rows of matrices: dx = dy where y is positive, else 0, and dbias, where asked
    /// for, = the sum of dx over the rows; all contiguous.</summary>
    public abstract void RectifiedGradient(in Operand dy, in Operand y, in Operand dx, Operand? dbias);

    /// <summary>The steps of an optimizer over parameters of one type, in any order and at once. A span that could be written to, for reading
    /// a property of an unknown struct through one that cannot would copy the struct.</summary>
    public abstract void Update<TFunction, TStep>(Span<TStep> steps) where TFunction : unmanaged, IUpdateFunction where TStep : struct, IUpdateStep<TFunction>;
}
