using System.Buffers;
using Cresset.Kernels;

namespace Cresset.Serialization;

// Turns the storages of a checkpoint into memory of Cresset's.
static class TorchStorages
{
    const int Chunk = 1 << 16;

    /// <summary>Reads a storage from where the stream stands. The caller has checked that so many bytes are there, so that
    /// nothing is allocated for what a file merely claims.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="storage">What they are.</param>
    /// <param name="bigEndian">Whether they were written by a big-endian machine.</param>
    /// <param name="wrong">Makes the exception.</param>
    /// <param name="checksum">The CRC-32 of the bytes.</param>
    internal static unsafe Storage Read(Stream stream, PickledStorage storage, bool bigEndian, Func<string, FormatException> wrong, out uint checksum)
    {
        var (type, size, wide) = (storage.Type, storage.Type.Size(), storage.Type.DType().Size());
        var memory = Backend.Default.Allocate(storage.Total * wide);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        checksum = 0;
        try
        {
            for (long done = 0; done < storage.Total;)
            {
                var count = (int)Math.Min(storage.Total - done, Chunk / size);
                var bytes = buffer.AsSpan(0, count * size);
                if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length) throw wrong($"storage {storage.Key} ends early; the file may be truncated");
                checksum = Crc32.Append(checksum, bytes);
                if (bigEndian) type.SwapBytes(bytes);
                // Any other byte than 0 and 1 in a bool would break the kernels.
                if (type == TorchType.Bool && bytes.ContainsAnyExceptInRange((byte)0, (byte)1)) throw wrong($"storage {storage.Key} of truth values has bytes other than 0 and 1");
                type.Widen(bytes, new Span<byte>(memory.Pointer + done * wide, count * wide));
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        GC.KeepAlive(memory);
        return memory;
    }
}
