using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace Cresset.Serialization;

/// <summary>What a checkpoint of PyTorch's holds, however deep it lies, by dotted paths: what Python writes as
/// <c>checkpoint["optimizer"]["state"][0]["exp_avg"]</c> is <c>Tensors["optimizer.state.0.exp_avg"]</c>. A state dictionary that was
/// saved alone has the paths that PyTorch's users know: <c>Tensors["layer1.weight"]</c>.</summary>
/// <param name="Tensors">The tensors by path, in the order of the file.</param>
/// <param name="Values">The other values by path: null, <see cref="bool"/>, <see cref="long"/> (<see cref="BigInteger"/> beyond it),
/// <see cref="double"/>, <see cref="string"/> (also devices and types, as <c>"torch.float32"</c>), <see cref="byte"/>[], and
/// <see cref="IReadOnlyList{T}"/> of them for lists, tuples and sizes. A list that holds tensors or dictionaries is taken apart, by
/// index: <c>Values["optimizer.param_groups.0.lr"]</c>.</param>
public sealed record TorchCheckpointFile(OrderedDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, object?> Values)
{
    /// <summary>The tensors below a path, without it: what <see cref="Nn.Module.LoadStateDict"/> takes where a checkpoint holds more
    /// than the state dictionary, or its names begin with <c>module.</c>, as after <c>DataParallel</c>:
    /// <c>model.LoadStateDict(file.StateDict("state_dict.module"))</c>.</summary>
    /// <param name="path">The path; the empty one gives all tensors.</param>
    /// <exception cref="ArgumentException">No tensor lies there; the message says where some do.</exception>
    public OrderedDictionary<string, Tensor> StateDict(string path = "")
    {
        ArgumentNullException.ThrowIfNull(path);
        var prefix = path.Length == 0 ? "" : $"{path}.";
        var state = new OrderedDictionary<string, Tensor>();
        foreach (var (name, tensor) in Tensors)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) state.Add(name[prefix.Length..], tensor);
        if (state.Count > 0 || path.Length == 0) return state;
        throw new ArgumentException($"StateDict: the checkpoint has no tensors below \"{path}\"; {Some}");
    }

    // Some of the names, for messages.
    internal string Some => $"its tensors are {string.Join(", ", Tensors.Keys.Take(5).Select(name => $"\"{name}\""))}{(Tensors.Count > 5 ? $" and {Tensors.Count - 5} more" : "")}";
}

/// <summary>Files that PyTorch's <c>torch.save</c> writes and <c>torch.load</c> reads, by custom named .pt, .pth or .th. Such a file
/// describes its contents by a pickle, which in Python can name any code to be run; here nothing is run: the few names that
/// dictionaries of tensors, numbers and texts need are known, and a pickle that wants another one is refused by that name. For files
/// of one's own <see cref="SafeTensors"/> is the better format.</summary>
public static class TorchCheckpoint
{
    const long LegacyProtocol = 1001;
    // The pickle and the list of records are read whole; no description of tensors comes near this.
    const int LongestPickle = 1 << 30;
    static readonly BigInteger LegacyMagic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads a file of <c>torch.save</c>: the zip form of PyTorch 1.6 and later, or the form before. PyTorch:
    /// <c>torch.load</c>.</summary>
    /// <remarks>float16 and bfloat16 become float32, int8 and int16 become int32: Cresset has no narrower types of these kinds. Tensors
    /// that share memory in the file share it here. Devices and <c>requires_grad</c> are not kept. Nothing in the file is trusted:
    /// lengths, places and names are checked before they are used, the memory taken is at most some times the file's length, and of
    /// the zip form the checksums are compared.</remarks>
    /// <exception cref="FormatException">The file is no such file, is damaged, or holds something that no state dictionary needs; the
    /// message says what and where.</exception>
    public static TorchCheckpointFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        FormatException Wrong(string what) => new($"{path}: not a readable PyTorch checkpoint: {what}");
        Span<byte> head = stackalloc byte[512];
        head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        file.Position = 0;
        if (head.StartsWith("PK"u8)) return LoadZip(file, Wrong);
        if (head.Length > 262 && head[257..].StartsWith("ustar"u8))
            throw Wrong("it is a tar file, PyTorch's form before version 0.1.10; load it with a PyTorch that reads it and save it with one of today");
        if (head.Length > 0 && head[0] == 0x80) return LoadLegacy(file, Wrong);
        throw Wrong(head.Length == 0 ? "it is empty" : $"it begins with neither a zip file's mark nor a pickle's, but with the bytes {Convert.ToHexString(head[..Math.Min(8, head.Length)])}");
    }

    // Four pickles (a magic number, a version, the machine, the object), one more with the storages' keys, then the storages in that
    // order: the number of elements and the elements.
    static TorchCheckpointFile LoadLegacy(FileStream file, Func<string, FormatException> wrong)
    {
        Unpickler? last = null;
        object? Next() => (last = new Unpickler(file, file.Length, (offset, what) => wrong($"byte {offset}: {what}"))).Read();
        if (Next() is not BigInteger magic || magic != LegacyMagic) throw wrong("byte 0: it is a pickle, but none that torch.save wrote: the magic number is missing");
        if (Next() is not LegacyProtocol) throw wrong($"its version is another one than {LegacyProtocol}");
        var bigEndian = Next() is PickledDictionary machine && machine.Entries.GetValueOrDefault("little_endian") is false;
        var start = file.Position;
        var contents = TorchContents.Of(Next(), file.Position - start, wrong);
        var storages = last!.Storages;
        var keysAt = file.Position;
        if (Next() is not List<object?> keys) throw wrong($"byte {keysAt}: expected the list of the storages' keys");
        var needed = contents.Tensors.Values.Select(tensor => tensor.Storage.Key).ToHashSet();
        var read = new Dictionary<string, Storage>();
        var length = new byte[8];
        foreach (var key in keys)
        {
            var at = file.Position;
            FormatException WrongHere(string what) => wrong($"byte {at}: {what}");
            if (key is not string text || !storages.TryGetValue(text, out var storage)) throw wrong($"byte {keysAt}: the list of the storages' keys has one that no tensor refers to");
            if (file.ReadAtLeast(length, 8, throwOnEndOfStream: false) < 8) throw WrongHere($"the length of storage {text} is missing; the file may be truncated");
            var count = bigEndian ? BinaryPrimitives.ReadInt64BigEndian(length) : BinaryPrimitives.ReadInt64LittleEndian(length);
            if (count != storage.Total) throw WrongHere($"storage {text} has {count} elements, expected {storage.Total}");
            var bytes = count * storage.Type.Size();
            if (bytes > file.Length - file.Position) throw WrongHere($"storage {text} takes {bytes} bytes, but only {file.Length - file.Position} follow; the file may be truncated");
            if (!needed.Contains(text)) file.Position += bytes;
            else if (!read.TryAdd(text, TorchStorages.Read(file, storage, bigEndian, WrongHere, out _))) throw WrongHere($"storage {text} occurs twice");
        }
        return Finish(contents, read, wrong);
    }

    // A zip file of stored (not compressed) records below one folder: data.pkl, byteorder (where it is missing: little-endian), and
    // data/KEY for each storage.
    static TorchCheckpointFile LoadZip(FileStream file, Func<string, FormatException> wrong)
    {
        using var zip = TorchZip.Open(file, wrong);
        if (zip.Find("constants.pkl") is not null) throw wrong("it is a TorchScript program, not a checkpoint; in Python, save its state: torch.save(torch.jit.load(path).state_dict(), path)");
        var pickle = zip.Find("data.pkl") ?? throw wrong("it is a zip file without a record data.pkl");
        if (pickle.Length > LongestPickle) throw wrong($"{pickle.FullName} has {pickle.Length} bytes; at most {LongestPickle} are supported");
        var bigEndian = false;
        if (zip.Find("byteorder") is { } order)
            bigEndian = zip.ReadAll(order, most: 16).AsSpan() switch
            {
                var text when text.SequenceEqual("little"u8) => false,
                var text when text.SequenceEqual("big"u8) => true,
                _ => throw wrong($"{order.FullName} is neither \"little\" nor \"big\""),
            };
        using var description = new MemoryStream(zip.ReadAll(pickle, LongestPickle));
        FormatException WrongPickle(string what) => wrong($"{pickle.FullName}: {what}");
        var unpickler = new Unpickler(description, file.Length, (offset, what) => WrongPickle($"byte {offset}: {what}"));
        var contents = TorchContents.Of(unpickler.Read(), description.Length, WrongPickle);
        var read = new Dictionary<string, Storage>();
        // Records may claim the same bytes of the file; together they must not take more than it has.
        var left = file.Length;
        foreach (var tensor in contents.Tensors.Values)
        {
            var storage = unpickler.Storages[tensor.Storage.Key];
            if (read.ContainsKey(storage.Key)) continue;
            var record = zip.Find($"data/{storage.Key}") ?? throw wrong($"it has no record for storage {storage.Key}");
            var bytes = storage.Total * storage.Type.Size();
            if (record.Length != bytes) throw wrong($"{record.FullName} has {record.Length} bytes, expected {bytes} for {storage.Total} elements of {storage.Type.StorageName()}");
            left -= bytes;
            if (left < 0) throw wrong("its storages together are longer than the file");
            read.Add(storage.Key, zip.Read(record, stream =>
                (TorchStorages.Read(stream, storage, bigEndian, what => wrong($"{record.FullName}: {what}"), out var checksum), checksum)));
        }
        return Finish(contents, read, wrong);
    }

    static TorchCheckpointFile Finish(TorchContents contents, Dictionary<string, Storage> storages, Func<string, FormatException> wrong)
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (var (name, (storage, layout)) in contents.Tensors)
            tensors.Add(name, storages.TryGetValue(storage.Key, out var memory) ? new Tensor(memory, layout, storage.Type.DType())
                : throw wrong($"the tensor \"{name}\" lies in storage {storage.Key}, which the file does not have"));
        return new TorchCheckpointFile(tensors, contents.Values);
    }

    /// <summary>Writes a file that PyTorch's <c>torch.load</c> reads, also with <c>weights_only=True</c>: the zip form of PyTorch 1.6 and
    /// later. As in <see cref="SafeTensors.Save"/>, an older file is replaced only when the new one is complete. PyTorch:
    /// <c>torch.save(content, path)</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">A tensor, null, a <see cref="bool"/>, <see cref="int"/>, <see cref="long"/>, <see cref="float"/>,
    /// <see cref="double"/> or <see cref="string"/>, or dictionaries with keys of these kinds and lists of such values, nested as one likes:
    /// <c>model.StateDict()</c>, or <c>new Dictionary&lt;string, object?&gt; { ["state_dict"] = model.StateDict(), ["epoch"] = 3 }</c>.</param>
    /// <exception cref="ArgumentException">There is a value of another type in it; the message says where.</exception>
    public static void Save(string path, object? content)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var pickle = new Pickler(content);
        TemporaryFile.Write(path, file =>
        {
            using var zip = new StoredZipWriter(file, folder: "archive");
            zip.Add("data.pkl", pickle.Bytes);
            zip.Add("byteorder", "little"u8);
            for (var key = 0; key < pickle.Storages.Count; key++) zip.Add($"data/{key}", pickle.Storages[key]);
            zip.Add("version", "3\n"u8);
        });
    }
}
