using System.Buffers;
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text.Json;
using Cresset.Kernels;

namespace Cresset.Serialization;

/// <summary>What a safetensors file holds.</summary>
/// <param name="Tensors">The tensors by name, in the order of the file's header.</param>
/// <param name="Metadata">The text that was saved with them.</param>
public sealed record SafeTensorsFile(OrderedDictionary<string, Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata);

/// <summary>Files of named tensors in the safetensors format: the length of a JSON header (8 bytes, little-endian), the header
/// with every tensor's type, shape and place, then the values, row-major and little-endian. It can hold no code.
/// https://github.com/huggingface/safetensors</summary>
public static class SafeTensors
{
    // The format's own limit.
    const int MaxHeader = 100_000_000;
    const string MetadataKey = "__metadata__";

    sealed record Entry(string Name, DType DType, Shape Shape, long Start, long End);

    /// <summary>Writes tensors to a file: under a temporary name beside it first, which then takes its place, so that the file
    /// is never half-written.</summary>
    /// <exception cref="ArgumentException">A tensor is named <c>__metadata__</c>, which the format reserves.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        var header = Header(tensors, metadata);
        TemporaryFile.Write(path, file =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            file.Write(length);
            file.Write(header);
            foreach (var tensor in tensors.Values)
            {
                var values = tensor.Detach().Contiguous();
                file.Write(Bytes(values));
                GC.KeepAlive(values);
            }
        });
    }

    static byte[] Header(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataKey);
                foreach (var (key, value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long start = 0;
            foreach (var (name, tensor) in tensors)
            {
                if (name == MetadataKey) throw new ArgumentException($"SafeTensors.Save: no tensor can be named {MetadataKey}, which the format reserves");
                json.WriteStartObject(name);
                json.WriteString("dtype", TypeName(tensor.DType));
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape.AsSpan()) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(start);
                json.WriteNumberValue(start += (long)tensor.ElementCount * tensor.DType.Size());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Spaces bring the values to a multiple of 8 bytes, as the format allows.
        var padded = new byte[(buffer.WrittenCount + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(padded);
        return padded;
    }

    /// <summary>Reads a file. Nothing in it is trusted: lengths, places and names are checked before they are used. PyTorch:
    /// <c>safetensors.torch.load_file</c>.</summary>
    /// <exception cref="FormatException">The file is no valid safetensors file, or holds a type that has no
    /// <see cref="DType"/>; the message says where.</exception>
    public static SafeTensorsFile Load(string path)
    {
        using var file = Open(path);
        FormatException Wrong(string what) => Fault(path, what);
        var (entries, metadata, start) = ReadContents(file, Wrong);
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (var entry in entries)
        {
            var tensor = Tensor.Empty(entry.Shape, entry.DType);
            file.Position = start + entry.Start;
            file.ReadExactly(Bytes(tensor));
            tensors.Add(entry.Name, Checked(tensor, entry.Name, Wrong));
        }
        return new SafeTensorsFile(tensors, metadata);
    }

    /// <summary>Reads a file as <see cref="Load"/> does, but without copying it: the tensors' memory is the file itself, mapped, of which
    /// the system reads what is used when it is used, and which several processes share. Changes of the tensors stay in this process and
    /// never reach the file. It stays open until no tensor of it can be reached: until then nobody may shorten it (<see cref="Save"/>
    /// replaces a file and does no harm; on Windows it cannot be replaced meanwhile). Python: <c>safetensors.safe_open</c>.</summary>
    /// <exception cref="FormatException">As for <see cref="Load"/>.</exception>
    public static SafeTensorsFile Map(string path) => Map(path, out _);

    /// <summary>As <see cref="Map(string)"/>; for callers that let no tensor out and close the file themselves.</summary>
    internal static unsafe SafeTensorsFile Map(string path, out IDisposable mapping)
    {
        using var file = Open(path);
        FormatException Wrong(string what) => Fault(path, what);
        var (entries, metadata, start) = ReadContents(file, Wrong);
        using var map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.CopyOnWrite, HandleInheritability.None, leaveOpen: true);
        using var view = map.CreateViewAccessor(0, file.Length, MemoryMappedFileAccess.CopyOnWrite);
        // The handle outlives accessor and file, and unmaps when the last storage that owns it is gone.
        var handle = view.SafeMemoryMappedViewHandle;
        byte* first = null;
        handle.AcquirePointer(ref first);
        mapping = new Mapping(handle);
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (var entry in entries)
        {
            var storage = new Storage(first + start + entry.Start, entry.End - entry.Start, Backend.Default, mapping);
            tensors.Add(entry.Name, Checked(new Tensor(storage, new Layout(entry.Shape), entry.DType), entry.Name, Wrong));
        }
        return new SafeTensorsFile(tensors, metadata);
    }

    // Holds the view's memory until it is disposed, or nothing reaches it.
    sealed class Mapping(SafeHandle view) : IDisposable
    {
        bool released;

        ~Mapping() => Dispose();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref released, true)) return;
            view.DangerousRelease();
            GC.SuppressFinalize(this);
        }
    }

    static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    static FormatException Fault(string path, string what) => new($"{path}: not a valid safetensors file: {what}");

    // What the header says, checked against the file's length, and where the values start.
    static (List<Entry> Entries, Dictionary<string, string> Metadata, long Start) ReadContents(FileStream file, Func<string, FormatException> wrong)
    {
        Span<byte> lengthBytes = stackalloc byte[8];
        if (file.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8) throw wrong($"it has {file.Length} bytes, fewer than the 8 of the header's length");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > MaxHeader) throw wrong($"its header claims {length} bytes, more than the format's limit of {MaxHeader}");
        if (length > (ulong)(file.Length - 8)) throw wrong($"its header claims {length} bytes, but only {file.Length - 8} follow; the file may be truncated");
        var header = new byte[length];
        file.ReadExactly(header);
        var metadata = new Dictionary<string, string>();
        var start = 8 + (long)length;
        try
        {
            using var json = JsonDocument.Parse(header);
            var entries = ReadHeader(json.RootElement, metadata, wrong);
            CheckPlaces(entries, file.Length - start, wrong);
            return (entries, metadata, start);
        }
        // The latter for texts that are no UTF-8: all else about them has been looked at.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw wrong($"its header is not JSON: {error.Message}");
        }
    }

    // Any other byte than 0 and 1 in a bool would break the kernels.
    static Tensor Checked(Tensor tensor, string name, Func<string, FormatException> wrong)
    {
        if (tensor.DType == DType.Bool && Bytes(tensor).ContainsAnyExceptInRange((byte)0, (byte)1)) throw wrong($"the bool tensor \"{name}\" has bytes other than 0 and 1");
        GC.KeepAlive(tensor);
        return tensor;
    }

    static List<Entry> ReadHeader(JsonElement root, Dictionary<string, string> metadata, Func<string, FormatException> wrong)
    {
        if (root.ValueKind != JsonValueKind.Object) throw wrong($"its header is a JSON {root.ValueKind}, expected an object");
        var entries = new List<Entry>();
        var names = new HashSet<string>();
        foreach (var property in root.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw wrong($"the name \"{property.Name}\" occurs twice");
            if (property.Name != MetadataKey)
            {
                entries.Add(ReadEntry(property.Name, property.Value, wrong));
                continue;
            }
            if (property.Value.ValueKind != JsonValueKind.Object) throw wrong($"{MetadataKey} is a JSON {property.Value.ValueKind}, expected an object");
            foreach (var item in property.Value.EnumerateObject())
            {
                if (item.Value.ValueKind != JsonValueKind.String) throw wrong($"the metadata \"{item.Name}\" is a JSON {item.Value.ValueKind}, expected a string");
                if (!metadata.TryAdd(item.Name, item.Value.GetString()!)) throw wrong($"the metadata \"{item.Name}\" occurs twice");
            }
        }
        return entries;
    }

    static Entry ReadEntry(string name, JsonElement json, Func<string, FormatException> wrong)
    {
        if (json.ValueKind != JsonValueKind.Object) throw wrong($"the entry of \"{name}\" is a JSON {json.ValueKind}, expected an object");
        if (!json.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String) throw wrong($"the tensor \"{name}\" has no dtype");
        var dtype = Type(type.GetString()!) ?? throw wrong($"the tensor \"{name}\" is of type {type.GetString()}, which is not supported; supported are BOOL, U8, I32, I64, F32 and F64");
        var sizes = Numbers(json, "shape", name, wrong);
        var places = Numbers(json, "data_offsets", name, wrong);
        if (places.Length != 2) throw wrong($"the tensor \"{name}\" has {places.Length} data_offsets, expected two");
        if (sizes.Length > Shape.MaxRank) throw wrong($"the tensor \"{name}\" has {sizes.Length} dimensions; at most {Shape.MaxRank} are supported");
        if (sizes.Any(size => size > int.MaxValue)) throw wrong($"the tensor \"{name}\" has a dimension of size {sizes.Max()}; at most {int.MaxValue} is supported");
        Shape shape;
        try
        {
            shape = new Shape([.. sizes.Select(size => (int)size)]);
        }
        catch (ArgumentException error)
        {
            throw wrong($"the tensor \"{name}\": {error.Message}");
        }
        var bytes = (long)shape.ElementCount * dtype.Size();
        if (places[0] > places[1] || places[1] - places[0] != bytes)
            throw wrong($"the tensor \"{name}\" of type {dtype.Name()} and shape {shape} takes {bytes} bytes, but its data_offsets are {places[0]} and {places[1]}");
        return new Entry(name, dtype, shape, places[0], places[1]);
    }

    static long[] Numbers(JsonElement json, string property, string name, Func<string, FormatException> wrong)
    {
        if (!json.TryGetProperty(property, out var list) || list.ValueKind != JsonValueKind.Array) throw wrong($"the tensor \"{name}\" has no {property}");
        return [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
            ? number
            : throw wrong($"the {property} of the tensor \"{name}\" are not all whole numbers from 0 on: {item.GetRawText()}"))];
    }

    // The tensors must fill the rest of the file without gaps or overlaps, as the format demands.
    static void CheckPlaces(List<Entry> entries, long available, Func<string, FormatException> wrong)
    {
        long end = 0;
        foreach (var entry in entries.OrderBy(entry => entry.Start).ThenBy(entry => entry.End))
        {
            if (entry.End > available) throw wrong($"the tensor \"{entry.Name}\" ends at byte {entry.End}, but the file has only {available} bytes of values; it may be truncated");
            if (entry.Start < end) throw wrong($"the tensor \"{entry.Name}\" overlaps another one: it starts at byte {entry.Start}, that one ends at {end}");
            if (entry.Start > end) throw wrong($"no tensor covers the bytes from {end} to {entry.Start}");
            end = entry.End;
        }
        if (end != available) throw wrong($"the tensors end at byte {end}, but the file has {available} bytes of values");
    }

    static string TypeName(DType dtype) => dtype switch
    {
        DType.Bool => "BOOL",
        DType.UInt8 => "U8",
        DType.Int32 => "I32",
        DType.Int64 => "I64",
        DType.Float32 => "F32",
        _ => "F64",
    };

    static DType? Type(string name)
    {
        foreach (var dtype in Enum.GetValues<DType>())
            if (TypeName(dtype) == name) return dtype;
        return null;
    }

    // The memory of a contiguous tensor, at most 2^31 - 1 bytes at once being what a span can hold.
    static unsafe Span<byte> Bytes(Tensor tensor) =>
        new(tensor.Operand.Pointer, checked(tensor.ElementCount * tensor.DType.Size()));
}
