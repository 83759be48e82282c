using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Cresset.Nn;
using Xunit;

namespace Cresset.Vision.Tests;

/// <summary>
/// Reads the float32 tensors of one checkpoint in PyTorch's form before 1.6: pickles, then a list of the storages' keys,
/// then, in that order, each storage's length and numbers. Just enough for that file: every tensor has a storage of its
/// own, so that its shape is the model's.
/// </summary>
internal static class TorchCheckpoint
{
    private const string Prefix = "module.";

    public static Dictionary<string, Tensor> Load(string path, Module model)
    {
        byte[] file = File.ReadAllBytes(path);
        // 'X', a length and UTF-8 text is a string of a pickle. A tensor's name comes before its storage's key, a number.
        var storageOf = new Dictionary<string, string>();
        var order = new List<string>();
        string? name = null;
        int end = 0;
        for (int i = 0; i + 5 < file.Length && (storageOf.Count == 0 || order.Count < storageOf.Count); i++)
        {
            if (file[i] != 'X' || BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(i + 1)) is not (> 0 and < 100 and var length))
                continue;
            string text = Encoding.UTF8.GetString(file, i + 5, (int)length);
            if (text.StartsWith(Prefix, StringComparison.Ordinal))
                name = text[Prefix.Length..];
            else if (!text.All(char.IsAsciiDigit))
                continue;
            else if (name is not null)
                (storageOf[name], name) = (text, null);
            else
                order.Add(text);
            i += 4 + (int)length;
            end = i + 1;
        }
        // The last key is followed by what ends the list and the pickle.
        end = Array.IndexOf(file, (byte)'.', end) + 1;
        var storages = new Dictionary<string, float[]>();
        foreach (string key in order)
        {
            int count = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(end));
            storages[key] = MemoryMarshal.Cast<byte, float>(file.AsSpan(end + 8, 4 * count)).ToArray();
            end += 8 + 4 * count;
        }
        Assert.Equal(file.Length, end);
        OrderedDictionary<string, Tensor> own = model.StateDict();
        var state = new Dictionary<string, Tensor>();
        foreach (var (key, value) in own)
            state[key] = key.EndsWith("num_batches_tracked", StringComparison.Ordinal) ? value : Tensor.From(storages[storageOf[key]], value.Shape);
        Assert.Equal(storageOf.Keys.Order(), state.Keys.Where(key => !key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Order());
        return state;
    }
}
