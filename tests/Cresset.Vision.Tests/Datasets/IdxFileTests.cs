using System.IO.Compression;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class IdxFileTests
{
    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    private static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress))
            gzip.Write(content);
        return stream.ToArray();
    }

    private static IdxData Read(byte[] content) => IdxFile.Read(new MemoryStream(content), "f.idx");

    [Fact]
    public void Reads_each_element_type_big_endian()
    {
        // Bytes by Python's struct.pack('>...').
        IdxData bytes = Read(Bytes("0000 0802 00000002 00000003 01 02 03 04 05 FF"));
        Assert.Equal(IdxType.UInt8, bytes.Type);
        Assert.Equal([2, 3], bytes.Dimensions);
        Assert.Equal(6, bytes.Count);
        Assert.Equal([1, 2, 3, 4, 5, 255], bytes.As<byte>());
        Assert.Equal([-1, 127], Read(Bytes("0000 0901 00000002 FF 7F")).As<sbyte>());
        Assert.Equal([-2, 258], Read(Bytes("0000 0B01 00000002 FFFE 0102")).As<short>());
        Assert.Equal([16909060, -1], Read(Bytes("0000 0C01 00000002 01020304 FFFFFFFF")).As<int>());
        Assert.Equal([1.5f, -0.1f], Read(Bytes("0000 0D01 00000002 3FC00000 BDCCCCCD")).As<float>());
        Assert.Equal([1.5, -0.1], Read(Bytes("0000 0E01 00000002 3FF8000000000000 BFB999999999999A")).As<double>());
    }

    [Theory]
    [InlineData("a.idx")]
    [InlineData("a.idx.gz")]
    public void What_is_written_is_read_again(string name)
    {
        using var folder = new TempFolder();
        string path = folder[name];
        byte[] large = new byte[3 * 1000 * 1000];
        new System.Random(1).NextBytes(large);
        IdxFile.Write<byte>(path, large, 3, 1000, 1000);
        Assert.Equal(name.EndsWith(".gz", StringComparison.Ordinal) ? 0x1F : 0, File.ReadAllBytes(path)[0]);
        IdxData read = IdxFile.Read(path);
        Assert.Equal([3, 1000, 1000], read.Dimensions);
        Assert.Equal(large, read.As<byte>());

        IdxFile.Write<sbyte>(path, [-5, 5], 2);
        Assert.Equal([-5, 5], IdxFile.Read(path).As<sbyte>());
        IdxFile.Write<short>(path, [-500, 500], 2, 1);
        Assert.Equal([-500, 500], IdxFile.Read(path).As<short>());
        IdxFile.Write<int>(path, [int.MinValue, 7], 2);
        Assert.Equal([int.MinValue, 7], IdxFile.Read(path).As<int>());
        IdxFile.Write<float>(path, [float.NaN, 1e-30f], 2);
        Assert.Equal([float.NaN, 1e-30f], IdxFile.Read(path).As<float>());
        double[] many = [.. Enumerable.Range(0, 300_000).Select(i => i / 7.0)];
        IdxFile.Write<double>(path, many, many.Length);
        Assert.Equal(many, IdxFile.Read(path).As<double>());
        IdxFile.Write<int>(path, [], 0, 5);
        Assert.Equal([0, 5], IdxFile.Read(path).Dimensions);
    }

    [Fact]
    public void Writes_the_bytes_of_the_format()
    {
        using var folder = new TempFolder();
        IdxFile.Write<short>(folder["a"], [-2, 258], 1, 2);
        Assert.Equal(Bytes("0000 0B02 00000001 00000002 FFFE 0102"), File.ReadAllBytes(folder["a"]));
    }

    [Fact]
    public void Gzip_is_known_by_its_content_not_by_the_name()
    {
        using var folder = new TempFolder();
        byte[] plain = Bytes("0000 0801 00000003 010203");
        Assert.Equal([1, 2, 3], IdxFile.Read(folder.Write("zipped-without-ending", Gzip(plain))).As<byte>());
        Assert.Equal([1, 2, 3], IdxFile.Read(folder.Write("plain.gz", plain)).As<byte>());
    }

    public static TheoryData<string, string, string> CorruptFiles => new()
    {
        { "empty", "", "expected an IDX header of at least 4 bytes, got 0" },
        { "one byte", "00", "expected an IDX header of at least 4 bytes, got 1" },
        { "header cut", "0000 08", "expected an IDX header of at least 4 bytes, got 3" },
        { "a PNG", "8950 4E47 0D0A1A0A", "starts with two zero bytes, got 0x89 0x50" },
        { "unknown type", "0000 0A01 00000001 00", "expected an IDX element type 0x08, 0x09, 0x0B, 0x0C, 0x0D or 0x0E, got 0x0A" },
        { "type none", "0000 0001 00000001 00", "got 0x00" },
        { "no dimension", "0000 0800 00", "expected at least 1 dimension, got 0" },
        { "dimensions cut", "0000 0802 00000002 0000", "expected 2 dimensions of 4 bytes each, got 6 bytes of 8" },
        { "many dimensions claimed", "0000 08FF 00000002", "expected 255 dimensions of 4 bytes each, got 4 bytes of 1020" },
        { "negative dimension", "0000 0801 FFFFFFFF 00", "expected dimension 0 to be at most 2147483647, got 4294967295" },
        { "product overflows", "0000 0803 00010000 00010000 00010000 00", "got 65536x65536x65536 elements of 1 bytes" },
        { "product wraps to 4", "0000 0803 40000001 40000000 00000004 00000000", "got 1073741825x1073741824x4 elements" },
        { "product too large by type", "0000 0E01 40000000 00", "got 1073741824 elements of 8 bytes" },
        { "two gigabytes claimed", "0000 0801 7FFFFFC7 0102030405", "expected 2147483599 bytes for 2147483591 elements of type UInt8, got 13: the file is truncated" },
        { "data cut", "0000 0C01 00000002 00000001 0000", "expected 16 bytes for 2 elements of type Int32, got 14: the file is truncated" },
        { "bytes after the end", "0000 0801 00000002 010203", "expected 10 bytes for 2 elements of type UInt8, got 11: bytes follow the end of the data" },
        { "bytes after none", "0000 0802 00000000 00000005 01", "expected 12 bytes for 0x5 elements of type UInt8, got 13: bytes follow the end of the data" },
    };

    [Theory]
    [MemberData(nameof(CorruptFiles))]
    public void Rejects_a_corrupt_file_and_says_why(string what, string hex, string message)
    {
        using var folder = new TempFolder();
        string path = folder.Write("bad.idx", Bytes(hex));
        var e = Assert.Throws<InvalidDataException>(() => IdxFile.Read(path));
        Assert.StartsWith(path + ": ", e.Message, StringComparison.Ordinal);
        Assert.True(e.Message.Contains(message, StringComparison.Ordinal), $"{what}: {e.Message}");
    }

    [Theory]
    [MemberData(nameof(CorruptFiles))]
    public void Rejects_the_same_file_compressed(string what, string hex, string message)
    {
        using var folder = new TempFolder();
        string path = folder.Write("bad.idx.gz", Gzip(Bytes(hex)));
        var e = Assert.Throws<InvalidDataException>(() => IdxFile.Read(path));
        Assert.StartsWith(path + ": ", e.Message, StringComparison.Ordinal);
        // Only the length of the whole is not known in advance there.
        string[] byLength = ["two gigabytes claimed", "data cut", "bytes after the end", "bytes after none"];
        string expected = !byLength.Contains(what) ? message : message.Contains("truncated", StringComparison.Ordinal) ? "the file is truncated" : "bytes follow the end of the data";
        Assert.True(e.Message.Contains(expected, StringComparison.Ordinal), $"{what}: {e.Message}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_header_that_claims_gigabytes_allocates_little(bool compressed)
    {
        byte[] content = Bytes("0000 0801 7FFFFFC7 0102030405");
        using var stream = new UnseekableStream(compressed ? Gzip(content) : content);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<InvalidDataException>(() => IdxFile.Read(stream, "f.idx"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Contains("expected 2147483591 bytes of data for 2147483591 elements of type UInt8, got 5", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_gzip_cut_anywhere()
    {
        byte[] whole = Gzip(Bytes("0000 0801 00000020" + string.Concat(Enumerable.Range(0, 32).Select(i => $"{i * 7:X2}"))));
        Assert.Equal(32, Read(whole).Count);
        for (int length = 0; length < whole.Length; length++)
        {
            var e = Assert.Throws<InvalidDataException>(() => Read(whole[..length]));
            Assert.StartsWith("f.idx: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rejects_bytes_after_the_end_of_the_gzip_data()
    {
        byte[] whole = [.. Gzip(Bytes("0000 0801 00000003 010203")), 9, 9, 9, 9];
        var e = Assert.Throws<InvalidDataException>(() => Read(whole));
        Assert.Contains("ends with the length of its content, 11, got 151587081", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_gzip_whose_content_was_changed()
    {
        byte[] content = new byte[5000];
        new System.Random(3).NextBytes(content);
        byte[] whole = Gzip([.. Bytes("0000 0801 00001388"), .. content]);
        whole[whole.Length / 2] ^= 0x10;
        var e = Assert.Throws<InvalidDataException>(() => Read(whole));
        Assert.Contains("f.idx: expected a whole gzip file, got a corrupt or truncated one", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_for_another_element_type_is_an_error()
    {
        IdxData data = Read(Bytes("0000 0801 00000001 05"));
        var e = Assert.Throws<InvalidDataException>(data.As<sbyte>);
        Assert.Contains("f.idx: expected elements of type SByte, got UInt8", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_rejects_dimensions_that_do_not_fit_and_foreign_types()
    {
        using var folder = new TempFolder();
        string path = folder["a"];
        var e = Assert.Throws<ArgumentException>(() => IdxFile.Write<byte>(path, [1, 2, 3], 2, 2));
        Assert.Contains("dimensions [2, 2] need 4 elements, got 3", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ArgumentException>(() => IdxFile.Write<long>(path, [1L], 1));
        Assert.Contains("got Int64", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => IdxFile.Write<byte>(path, [1]));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var e = Assert.Throws<FileNotFoundException>(() => IdxFile.Read(Path.Combine(Path.GetTempPath(), "no-such-file.idx")));
        Assert.Contains("no-such-file.idx", e.Message, StringComparison.Ordinal);
    }

    private sealed class UnseekableStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
