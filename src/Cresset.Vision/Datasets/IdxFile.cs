using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cresset.Vision;

/// <summary>
/// Reads and writes the IDX format, in which MNIST is published (yann.lecun.com/exdb/mnist): two zero bytes, a type
/// code, the number of dimensions, each dimension as a 32-bit big-endian integer, then the elements, big-endian,
/// row-major.
/// </summary>
public static class IdxFile
{
    // Data is read in steps of at most this much, each only after the one before has truly arrived.
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads a file, gzip-compressed or not: the content says which, not the name.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no IDX file, is truncated, has bytes after its end, or is corrupt; the message says what was
    /// expected and what came.
    /// </exception>
    public static IdxData Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = File.OpenRead(path);
        return Read(file, path);
    }

    /// <summary>Reads a stream from its position to its end, gzip-compressed or not.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <exception cref="InvalidDataException">As for a file.</exception>
    public static IdxData Read(Stream stream, string source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(source);
        var start = new byte[2];
        int got = stream.ReadAtLeast(start, 2, throwOnEndOfStream: false);
        using var whole = new PrefixedStream(start.AsMemory(0, got), stream);
        if (got < 2 || start[0] != 0x1F || start[1] != 0x8B)
            return ReadPlain(whole, source, stream.CanSeek ? stream.Length - stream.Position + got : null);
        using var unzipped = new GZipStream(whole, CompressionMode.Decompress);
        try
        {
            IdxData data = ReadPlain(unzipped, source, null);
            // GZipStream takes a missing trailer (checksum and length) for the end, so that the length is checked here.
            uint length = (uint)(4 + 4 * data.Dimensions.Count + Buffer.ByteLength(data.Data));
            if (whole.LastFourBytes != length)
                throw new InvalidDataException(
                    $"{source}: expected a gzip file that ends with the length of its content, {length}, got " +
                    $"{whole.LastFourBytes}: " +
                    "the file is truncated, has bytes after its end, or is made of several gzip parts.");
            return data;
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(source, StringComparison.Ordinal))
        {
            throw new InvalidDataException(
                $"{source}: expected a whole gzip file, got a corrupt or truncated one ({e.Message})", e);
        }
    }

    /// <summary>Writes a file, gzip-compressed when its name ends with .gz.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, float or double.</typeparam>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="data">The elements, row-major.</param>
    /// <param name="dimensions">
    /// The size of each dimension, outermost first; their product is the number of elements.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The format has no such type, or the dimensions do not fit the data.
    /// </exception>
    public static void Write<T>(string path, ReadOnlySpan<T> data, params ReadOnlySpan<int> dimensions)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] header = Header(data, dimensions);
        using var file = File.Create(path);
        using Stream target = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(file, CompressionLevel.Optimal)
            : file;
        target.Write(header);
        var chunk = new byte[ChunkBytes];
        int size = Unsafe.SizeOf<T>();
        for (int i = 0; i < data.Length; i += ChunkBytes / size)
        {
            int count = Math.Min(ChunkBytes / size, data.Length - i);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(data.Slice(i, count));
            bytes.CopyTo(chunk);
            ReverseIfLittleEndian(chunk.AsSpan(0, bytes.Length), size);
            target.Write(chunk, 0, bytes.Length);
        }
    }

    private static byte[] Header<T>(ReadOnlySpan<T> data, ReadOnlySpan<int> dimensions) where T : unmanaged
    {
        IdxType type = TypeOf(typeof(T));
        if (dimensions.Length is 0 or > 255)
            throw new ArgumentException(
                $"IDX: expected 1 to 255 dimensions, got {dimensions.Length}.", nameof(dimensions));
        Int128 product = 1;
        foreach (int dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(dimensions));
            product = Int128.Min(product * dimension, long.MaxValue);
        }
        if (product != data.Length)
            throw new ArgumentException(
                $"IDX: dimensions [{string.Join(", ", dimensions.ToArray())}] need {product} elements, got " +
                $"{data.Length}.", nameof(dimensions));
        var header = new byte[4 + 4 * dimensions.Length];
        header[2] = (byte)type;
        header[3] = (byte)dimensions.Length;
        for (int i = 0; i < dimensions.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), dimensions[i]);
        return header;
    }

    private static IdxData ReadPlain(Stream stream, string source, long? length)
    {
        Span<byte> head = stackalloc byte[4];
        int got = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        if (got < 4)
            throw new InvalidDataException(
                $"{source}: expected an IDX header of at least 4 bytes, got {got}: the file is truncated or empty.");
        if (head[0] != 0 || head[1] != 0)
            throw new InvalidDataException(
                $"{source}: expected an IDX file, which starts with two zero bytes, got 0x{head[0]:X2} " +
                $"0x{head[1]:X2}: this is another kind of file.");
        var type = (IdxType)head[2];
        int size = SizeOf(type);
        if (size == 0)
            throw new InvalidDataException(
                $"{source}: expected an IDX element type 0x08, 0x09, 0x0B, 0x0C, 0x0D or 0x0E, got 0x{head[2]:X2}.");
        if (head[3] == 0)
            throw new InvalidDataException($"{source}: expected at least 1 dimension, got 0.");

        int[] dimensions = ReadDimensions(stream, source, head[3]);
        string shape = string.Join("x", dimensions.Select(d => d.ToString(CultureInfo.InvariantCulture)));
        long bytes = DataBytes(dimensions, size, source, shape);
        long headerBytes = 4 + 4L * dimensions.Length;
        if (length is long known && known != headerBytes + bytes)
            throw new InvalidDataException(
                $"{source}: expected {headerBytes + bytes} bytes for {shape} elements of type {type}, got {known}: " +
                (known < headerBytes + bytes ? "the file is truncated." : "bytes follow the end of the data."));

        byte[] data = ReadData(stream, bytes, source, shape, type);
        if (stream.ReadByte() >= 0)
            throw new InvalidDataException(
                $"{source}: expected the end of the file after {shape} elements of type {type}, got more: bytes " +
                "follow the end of the data.");
        return new IdxData(source, type, dimensions, Convert(data, type, size));
    }

    private static int[] ReadDimensions(Stream stream, string source, int count)
    {
        Span<byte> bytes = stackalloc byte[255 * 4];
        bytes = bytes[..(4 * count)];
        int got = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (got < bytes.Length)
            throw new InvalidDataException(
                $"{source}: expected {count} dimensions of 4 bytes each, got {got} bytes of {bytes.Length}: the " +
                "file is truncated.");
        var dimensions = new int[count];
        for (int i = 0; i < count; i++)
        {
            uint dimension = BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 * i)..]);
            if (dimension > int.MaxValue)
                throw new InvalidDataException(
                    $"{source}: expected dimension {i} to be at most {int.MaxValue}, got {dimension}.");
            dimensions[i] = (int)dimension;
        }
        return dimensions;
    }

    private static long DataBytes(int[] dimensions, int size, string source, string shape)
    {
        if (dimensions.Contains(0))
            return 0;
        long bytes = size;
        foreach (int dimension in dimensions)
        {
            // Checked at every step, so that the product (at most 2^31 times 2^31) cannot overflow.
            bytes *= dimension;
            if (bytes > Array.MaxLength)
                throw new InvalidDataException(
                    $"{source}: expected dimensions whose data is at most {Array.MaxLength} bytes, got {shape} " +
                    $"elements of {size} bytes.");
        }
        return bytes;
    }

    /// <summary>
    /// Reads the data in a buffer that grows with what has arrived: the header's word alone allocates one chunk at
    /// most.
    /// </summary>
    private static byte[] ReadData(Stream stream, long bytes, string source, string shape, IdxType type)
    {
        var data = new byte[(int)Math.Min(bytes, ChunkBytes)];
        int filled = 0;
        while (filled < bytes)
        {
            if (filled == data.Length)
                Array.Resize(ref data, (int)Math.Min(bytes, 2L * data.Length));
            int got = stream.Read(data, filled, data.Length - filled);
            if (got == 0)
                throw new InvalidDataException(
                    $"{source}: expected {bytes} bytes of data for {shape} elements of type {type}, got {filled}: " +
                    "the file is truncated.");
            filled += got;
        }
        return data;
    }

    private static Array Convert(byte[] data, IdxType type, int size)
    {
        if (type == IdxType.UInt8)
            return data;
        ReverseIfLittleEndian(data, size);
        Array result = type switch
        {
            IdxType.Int8 => new sbyte[data.Length],
            IdxType.Int16 => new short[data.Length / size],
            IdxType.Int32 => new int[data.Length / size],
            IdxType.Float32 => new float[data.Length / size],
            _ => new double[data.Length / size],
        };
        Buffer.BlockCopy(data, 0, result, 0, data.Length);
        return result;
    }

    /// <summary>
    /// Turns each element's bytes between big-endian and the machine's own order; the same step both ways.
    /// </summary>
    private static void ReverseIfLittleEndian(Span<byte> bytes, int size)
    {
        if (!BitConverter.IsLittleEndian || size == 1)
            return;
        for (int i = 0; i < bytes.Length; i += size)
            bytes.Slice(i, size).Reverse();
    }

    private static int SizeOf(IdxType type) => type switch
    {
        IdxType.UInt8 or IdxType.Int8 => 1,
        IdxType.Int16 => 2,
        IdxType.Int32 or IdxType.Float32 => 4,
        IdxType.Float64 => 8,
        _ => 0,
    };

    private static IdxType TypeOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => IdxType.UInt8,
        TypeCode.SByte => IdxType.Int8,
        TypeCode.Int16 => IdxType.Int16,
        TypeCode.Int32 => IdxType.Int32,
        TypeCode.Single => IdxType.Float32,
        TypeCode.Double => IdxType.Float64,
        _ => throw new ArgumentException(
            $"IDX: expected elements of type byte, sbyte, short, int, float or double, got {type.Name}."),
    };

    /// <summary>
    /// The two bytes already read, then the rest (so that a stream that cannot seek is served as well); remembers the
    /// last four.
    /// </summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private int _used;

        /// <summary>
        /// The last four bytes that were read, as a little-endian number: a gzip file's own word on its content's
        /// length.
        /// </summary>
        public uint LastFourBytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int count;
            if (_used == prefix.Length)
            {
                count = rest.Read(buffer);
            }
            else
            {
                count = Math.Min(buffer.Length, prefix.Length - _used);
                prefix.Span.Slice(_used, count).CopyTo(buffer);
                _used += count;
            }
            foreach (byte last in buffer[Math.Max(0, count - 4)..count])
                LastFourBytes = LastFourBytes >> 8 | (uint)last << 24;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
