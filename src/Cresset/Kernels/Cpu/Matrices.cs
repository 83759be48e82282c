namespace Cresset.Kernels.Cpu;

// The sizes of the dimensions before a matrix's.
unsafe struct BatchIndex
{
    internal readonly int Dimensions, Count;
    fixed int sizes[Shape.MaxRank];

    internal BatchIndex(ReadOnlySpan<int> batch)
    {
        (Dimensions, Count) = (batch.Length, 1);
        for (var i = 0; i < batch.Length; i++) Count *= sizes[i] = batch[i];
    }

    internal readonly void Of(int number, long* index)
    {
        for (var i = Dimensions - 1; i >= 0; number /= sizes[i--]) index[i] = number % sizes[i];
    }
}

// Where an operand's matrices lie.
unsafe struct Matrices<T> where T : unmanaged
{
    readonly T* first;
    internal readonly long Row, Column;
    fixed long strides[Shape.MaxRank];

    internal Matrices(in Operand operand, int dimensions)
    {
        first = (T*)operand.Pointer;
        var all = operand.Layout.Strides;
        for (var i = 0; i < dimensions; i++) strides[i] = all[i];
        if (all.Length < dimensions + 2) return;
        (Row, Column) = (all[^2], all[^1]);
    }

    internal readonly bool Exist => first != null;

    internal readonly T* At(long* index, int dimensions)
    {
        var at = first;
        for (var i = 0; i < dimensions; i++) at += index[i] * strides[i];
        return at;
    }
}
