using System.Buffers.Binary;
using System.Text;

namespace Cresset.Serialization;

// Writes a zip file of stored records below one folder, each beginning at a multiple of 64 bytes, as torch.save does so that
// storages can be mapped into memory; ZipArchive cannot place them. Records from 4 GB on take the zip64 form.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
sealed class StoredZipWriter(Stream file, string folder) : IDisposable
{
    const int Alignment = 64;
    const int LocalHeader = 30;
    const ushort Zip64Extra = 1;
    // PyTorch's own mark of the field that fills up to the alignment: "FB".
    const ushort PaddingExtra = 0x4246;
    const ushort Utf8Names = 0x0800;
    // 1 January 1980, the format's first day: the same content gives the same bytes.
    const ushort Date = 0x21;

    readonly MemoryStream directory = new();
    long records;

    // The length and the checksum of values that do not fit one span.
    internal unsafe void Add(string name, Tensor values)
    {
        var length = (long)values.ElementCount * values.DType.Size();
        var start = values.Operand.Pointer;
        const int chunk = 1 << 20;
        uint checksum = 0;
        for (long at = 0; at < length; at += chunk) checksum = Crc32.Append(checksum, new ReadOnlySpan<byte>(start + at, (int)Math.Min(chunk, length - at)));
        Begin(name, length, checksum);
        for (long at = 0; at < length; at += chunk) file.Write(new ReadOnlySpan<byte>(start + at, (int)Math.Min(chunk, length - at)));
        GC.KeepAlive(values);
    }

    internal void Add(string name, ReadOnlySpan<byte> bytes)
    {
        Begin(name, bytes.Length, Crc32.Append(0, bytes));
        file.Write(bytes);
    }

    void Begin(string name, long length, uint checksum)
    {
        var encoded = Encoding.UTF8.GetBytes($"{folder}/{name}");
        var offset = file.Position;
        var large = length >= uint.MaxValue;
        var extra = new MemoryStream();
        if (large)
        {
            UInt16(extra, Zip64Extra);
            UInt16(extra, 16);
            Int64(extra, length);
            Int64(extra, length);
        }
        var unpadded = offset + LocalHeader + encoded.Length + extra.Length + 4;
        var padding = (int)(-unpadded & (Alignment - 1));
        UInt16(extra, PaddingExtra);
        UInt16(extra, (ushort)padding);
        for (var i = 0; i < padding; i++) extra.WriteByte((byte)'Z');

        UInt32(file, 0x04034b50);
        Common(file, encoded, length, checksum, large, (int)extra.Length);
        file.Write(encoded);
        extra.WriteTo(file);

        var far = offset >= uint.MaxValue;
        var fields = (large ? 16 : 0) + (far ? 8 : 0);
        UInt32(directory, 0x02014b50);
        UInt16(directory, 45);
        Common(directory, encoded, length, checksum, large || far, fields > 0 ? fields + 4 : 0);
        // No comment, disk 0, no attributes.
        for (var i = 0; i < 5; i++) UInt16(directory, 0);
        UInt32(directory, far ? uint.MaxValue : (uint)offset);
        directory.Write(encoded);
        if (fields > 0)
        {
            UInt16(directory, Zip64Extra);
            UInt16(directory, (ushort)fields);
            if (large)
            {
                Int64(directory, length);
                Int64(directory, length);
            }
            if (far) Int64(directory, offset);
        }
        records++;
    }

    // What a record's header and its entry in the directory have in common.
    static void Common(Stream to, byte[] name, long length, uint checksum, bool zip64, int extra)
    {
        UInt16(to, (ushort)(zip64 ? 45 : 20));
        UInt16(to, Utf8Names);
        UInt16(to, 0);
        UInt16(to, 0);
        UInt16(to, Date);
        UInt32(to, checksum);
        var size = length >= uint.MaxValue ? uint.MaxValue : (uint)length;
        UInt32(to, size);
        UInt32(to, size);
        UInt16(to, (ushort)name.Length);
        UInt16(to, (ushort)extra);
    }

    /// <summary>Writes the directory, which ends the file.</summary>
    public void Dispose()
    {
        var offset = file.Position;
        directory.WriteTo(file);
        if (offset >= uint.MaxValue || records >= ushort.MaxValue || directory.Length >= uint.MaxValue)
        {
            var end = file.Position;
            UInt32(file, 0x06064b50);
            Int64(file, 44);
            UInt16(file, 45);
            UInt16(file, 45);
            UInt32(file, 0);
            UInt32(file, 0);
            Int64(file, records);
            Int64(file, records);
            Int64(file, directory.Length);
            Int64(file, offset);
            UInt32(file, 0x07064b50);
            UInt32(file, 0);
            Int64(file, end);
            UInt32(file, 1);
        }
        UInt32(file, 0x06054b50);
        UInt32(file, 0);
        UInt16(file, (ushort)Math.Min(records, ushort.MaxValue));
        UInt16(file, (ushort)Math.Min(records, ushort.MaxValue));
        UInt32(file, (uint)Math.Min(directory.Length, uint.MaxValue));
        UInt32(file, (uint)Math.Min(offset, uint.MaxValue));
        UInt16(file, 0);
    }

    static void UInt16(Stream to, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        to.Write(bytes);
    }

    static void UInt32(Stream to, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        to.Write(bytes);
    }

    static void Int64(Stream to, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        to.Write(bytes);
    }
}
