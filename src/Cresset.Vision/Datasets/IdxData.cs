namespace Cresset.Vision;

/// <summary>The element types of the IDX format, by their codes in the file.</summary>
public enum IdxType
{
    /// <summary>No type: never in a file.</summary>
    None = 0,

    /// <summary>Unsigned byte.</summary>
    UInt8 = 0x08,

    /// <summary>Signed byte.</summary>
    Int8 = 0x09,

    /// <summary>16-bit integer.</summary>
    Int16 = 0x0B,

    /// <summary>32-bit integer.</summary>
    Int32 = 0x0C,

    /// <summary>32-bit floating point.</summary>
    Float32 = 0x0D,

    /// <summary>64-bit floating point.</summary>
    Float64 = 0x0E,
}

/// <summary>What an IDX file holds: an array of one element type and any number of dimensions, row-major.</summary>
public sealed class IdxData
{
    internal IdxData(string source, IdxType type, int[] dimensions, Array data)
    {
        Source = source;
        Type = type;
        Dimensions = dimensions;
        Data = data;
    }

    /// <summary>The file's path, or the name given for a stream.</summary>
    public string Source { get; }

    /// <summary>The element type.</summary>
    public IdxType Type { get; }

    /// <summary>The size of each dimension, outermost first.</summary>
    public IReadOnlyList<int> Dimensions { get; }

    /// <summary>The number of elements: the product of the dimensions.</summary>
    public int Count => Data.Length;

    /// <summary>The elements: byte[], sbyte[], short[], int[], float[] or double[], as the type says.</summary>
    public Array Data { get; }

    /// <summary>The elements as an array of their own type, without a copy.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, float or double.</typeparam>
    /// <exception cref="InvalidDataException">The file holds another type.</exception>
    public T[] As<T>() where T : unmanaged
    {
        // A plain cast would let byte[] pass for sbyte[]: the runtime treats them as one.
        if (Data.GetType() == typeof(T[]))
            return (T[])Data;
        throw new InvalidDataException($"{Source}: expected elements of type {typeof(T).Name}, got {Type}.");
    }
}
