using Xunit;

namespace Cresset.Tests;

/// <summary>Valid files with bytes changed, cut, put in twice or taken from another file: each must be read, or be refused by the
/// exception that its reader documents, naming the file, and take no more memory than some times its length.</summary>
static class DamagedFiles
{
    static readonly long[] interesting = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 40];

    static byte[] Damage(byte[] whole, byte[] other, Generator generator)
    {
        int Below(int count) => (int)generator.NextInt64(Math.Max(1, count));
        List<byte> bytes = [.. whole];
        // Half of them keep their length, and digits and letters among themselves: more of these get past the first check.
        var gentle = Below(2) == 0;
        for (var times = 1 + Below(3); times > 0; times--)
        {
            var at = Below(bytes.Count);
            var count = Math.Min(1 + Below(16), bytes.Count - at);
            switch (gentle ? 5 + Below(4) : Below(6))
            {
                case 0: bytes[at] = (byte)Below(256); break;
                case 1: bytes[at] ^= (byte)(1 << Below(8)); break;
                case 2: bytes.RemoveRange(at, count); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 4:
                    var from = Below(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(1 + Below(64), other.Length - from)).ToArray());
                    break;
                case 6 or 7: bytes[at] = Alike(bytes[at], Below); break;
                case 8:
                    // Down or up by one: sizes that nearly fit.
                    bytes[at] += (byte)(Below(2) == 0 ? 1 : 255);
                    break;
                default:
                    var number = BitConverter.GetBytes(interesting[Below(interesting.Length)]).AsSpan(0, 1 << Below(4)).ToArray();
                    if (Below(2) == 0) Array.Reverse(number);
                    for (var i = 0; i < number.Length && at + i < bytes.Count; i++) bytes[at + i] = number[i];
                    break;
            }
            if (bytes.Count == 0) return [];
        }
        return !gentle && Below(10) == 0 ? [.. bytes[..Below(bytes.Count)]] : [.. bytes];
    }

    static byte Alike(byte value, Func<int, int> below) => (byte)(value switch
    {
        >= (byte)'0' and <= (byte)'9' => '0' + below(10),
        >= (byte)'a' and <= (byte)'z' => 'a' + below(26),
        >= (byte)'A' and <= (byte)'Z' => 'A' + below(26),
        _ => below(256),
    });

    /// <summary>Tries them. Case i follows from seed i; CRESSET_FUZZ_CASES sets another number of cases.</summary>
    /// <param name="path">Where each is written.</param>
    /// <param name="valid">Files that are read without an error.</param>
    /// <param name="read">Reads what stands at the path, all of it.</param>
    /// <param name="cases">How many are tried with every build.</param>
    /// <param name="named">What the message has to name, where the path is not it.</param>
    /// <param name="memory">The bytes that reading may take beside 256 for each of the file's, of managed memory and of tensors.</param>
    /// <param name="other">A second type that the reader documents, if any.</param>
    /// <typeparam name="TException">What the reader documents.</typeparam>
    internal static void Try<TException>(string path, byte[][] valid, Action read, int cases = 500, string? named = null, long memory = 1 << 20, Type? other = null) where TException : Exception
    {
        foreach (var bytes in valid)
        {
            File.WriteAllBytes(path, bytes);
            read();
        }
        if (int.TryParse(Environment.GetEnvironmentVariable("CRESSET_FUZZ_CASES"), out var asked)) cases = asked;
        var (good, refused) = (0, 0);
        for (var i = 0; i < cases; i++)
        {
            var bytes = Damage(valid[i % valid.Length], valid[(i + 1) % valid.Length], new Generator((ulong)i));
            // Writing over a file would wait for the disk.
            File.Delete(path);
            File.WriteAllBytes(path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using (MemoryPool.Limit(memory + 256L * bytes.Length)) read();
                good++;
            }
            catch (Exception error) when ((error is TException || error.GetType() == other) && error.Message.Contains(named ?? path, StringComparison.Ordinal))
            {
                refused++;
            }
            catch (Exception error)
            {
                var kept = Path.Combine(Path.GetTempPath(), $"cresset-damaged-{i}-{Path.GetFileName(path)}");
                File.WriteAllBytes(kept, bytes);
                Assert.Fail($"case {i} ({kept}): {error}");
            }
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < memory + 256L * bytes.Length, $"case {i} takes {taken} bytes");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases of {Path.GetFileName(path)}: {good} read, {refused} refused");
        // Both ends are met, so that the cases are neither all nonsense nor all unharmed.
        Assert.True(good > 0 && refused > cases / 100, $"{good} read, {refused} refused of {cases}");
    }
}
