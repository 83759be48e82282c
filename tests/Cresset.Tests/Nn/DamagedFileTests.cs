using Cresset.Serialization;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

// Valid files with bytes changed, cut, put in twice or taken from another file: each is read, or refused by a FormatException that
// names it, and takes no more memory than some times its length.
public sealed class DamagedFileTests : IDisposable
{
    static readonly long[] Interesting = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 40];

    readonly TempFolder temp = new();

    public void Dispose() => temp.Dispose();

    static byte[] Damage(byte[] whole, byte[] other, Generator generator)
    {
        int Below(int count) => (int)generator.NextInt64(Math.Max(1, count));
        List<byte> bytes = [.. whole];
        for (var times = 1 + Below(3); times > 0; times--)
        {
            var at = Below(bytes.Count);
            var count = Math.Min(1 + Below(16), bytes.Count - at);
            switch (Below(6))
            {
                case 0: bytes[at] = (byte)Below(256); break;
                case 1: bytes[at] ^= (byte)(1 << Below(8)); break;
                case 2: bytes.RemoveRange(at, count); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 4:
                    var from = Below(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(1 + Below(64), other.Length - from)).ToArray());
                    break;
                default:
                    var number = BitConverter.GetBytes(Interesting[Below(Interesting.Length)]).AsSpan(0, 1 << Below(4)).ToArray();
                    if (Below(2) == 0) Array.Reverse(number);
                    for (var i = 0; i < number.Length && at + i < bytes.Count; i++) bytes[at + i] = number[i];
                    break;
            }
            if (bytes.Count == 0) return [];
        }
        return Below(10) == 0 ? [.. bytes[..Below(bytes.Count)]] : [.. bytes];
    }

    (int Read, int Refused) Try(string extension, byte[][] valid, Action<string> read)
    {
        // More than the tests of a build: CRESSET_FUZZ_CASES.
        var cases = int.TryParse(Environment.GetEnvironmentVariable("CRESSET_FUZZ_CASES"), out var asked) ? asked : 1500;
        var (good, refused) = (0, 0);
        var path = temp[$"damaged{extension}"];
        for (var i = 0; i < cases; i++)
        {
            var generator = new Generator((ulong)i);
            var bytes = Damage(valid[i % valid.Length], valid[(i + 1) % valid.Length], generator);
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
                good++;
            }
            catch (FormatException error)
            {
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception error) when (error is not FormatException)
            {
                var kept = Path.Combine(Path.GetTempPath(), $"cresset-damaged-{i}{extension}");
                File.WriteAllBytes(kept, bytes);
                Assert.Fail($"case {i} ({kept}): {error}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < (1 << 20) + 256L * bytes.Length, $"case {i} takes {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases of {extension}: {good} read, {refused} refused");
        return (good, refused);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("zip")]
    public void PyTorch_s_files(string form)
    {
        byte[][] valid = [.. new[] { "types", "views", "training", "parallel" }.Select(name => File.ReadAllBytes(Path.Combine(ReferenceFile.Folder, "checkpoints", $"{name}-{form}.pt")))];
        var (good, refused) = Try(".pt", valid, path =>
        {
            foreach (var tensor in TorchCheckpoint.Load(path).Tensors.Values) _ = tensor.ToString();
        });
        // Changed values and names are read.
        Assert.True(refused > 100 && good > 30, $"{good} read, {refused} refused");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Safetensors_files(bool mapped)
    {
        SafeTensors.Save(temp["a"], new Dictionary<string, Tensor> { ["weight"] = Tensor.Ones([3, 4]), ["flags"] = Tensor.From([true, false]), ["count"] = Tensor.Zeros([], DType.Int64) }, new Dictionary<string, string> { ["x"] = "y" });
        SafeTensors.Save(temp["b"], new Dictionary<string, Tensor> { ["empty"] = Tensor.Zeros([0, 2]), ["long"] = Tensor.Arange(40) });
        var (good, refused) = Try(".safetensors", [File.ReadAllBytes(temp["a"]), File.ReadAllBytes(temp["b"])], path =>
        {
            var file = mapped ? SafeTensors.Map(path) : SafeTensors.Load(path);
            foreach (var tensor in file.Tensors.Values) _ = tensor.ToString();
        });
        Assert.True(refused > 100 && good > 100, $"{good} read, {refused} refused");
    }
}
