using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Cresset.Serialization;

// A name that a pickle refers to; only those of Unpickler.Known occur.
sealed record PickledName(string Name);

// A storage as a pickle describes it: Count elements from Start on of the storage that the file keeps under Key.
sealed record PickledStorage(string Key, TorchType Type, long Total, long Start, long Count);

// A tensor as a pickle describes it, checked to stay within its storage.
sealed record PickledTensor(PickledStorage Storage, Layout Layout);

// A dictionary; its keys are texts, numbers and truth values.
sealed class PickledDictionary
{
    internal OrderedDictionary<object, object?> Entries { get; } = [];
}

// Reads one pickle, the instructions by which Python writes objects. Those of a state dictionary need few instructions and few
// names; everything else is refused by name, and nothing is ever run: a pickle's "calls" are the cases of Call below.
// https://docs.python.org/3/library/pickletools.html has the instructions.
sealed class Unpickler(Stream stream, long fileLength, Func<long, string, FormatException> wrong)
{
    const string OrderedDict = "collections.OrderedDict";
    const string RebuildTensor = "torch._utils._rebuild_tensor";
    const string RebuildTensor2 = "torch._utils._rebuild_tensor_v2";
    const string RebuildParameter = "torch._utils._rebuild_parameter";
    const string RebuildParameterWithState = "torch._utils._rebuild_parameter_with_state";
    const string Size = "torch.Size";
    const string Device = "torch.device";
    const string Encode = "_codecs.encode";
    const int LongestName = 256;
    const int LongestDevice = 64;

    static readonly HashSet<string> Known =
    [
        OrderedDict, RebuildTensor, RebuildTensor2, RebuildParameter, RebuildParameterWithState, Size, Device, Encode,
        .. Enum.GetValues<TorchType>().Select(type => type.StorageName()),
        "torch.float32", "torch.float64", "torch.float16", "torch.bfloat16", "torch.int64", "torch.int32", "torch.int16", "torch.int8", "torch.uint8", "torch.bool",
    ];

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    // Marks an instruction MARK on the stack; no other instruction can take it off.
    static readonly object Mark = new();

    readonly List<object?> stack = [];
    readonly Dictionary<long, object?> memo = [];
    // The storages met so far, by key.
    readonly Dictionary<string, PickledStorage> storages = [];
    // What copies of remembered objects may still cost, so that a short pickle cannot make a long object again and again.
    long allowance = stream.Length;
    long at;

    /// <summary>Every storage that the pickle spoke of, as the whole that the file keeps.</summary>
    internal IReadOnlyDictionary<string, PickledStorage> Storages => storages;

    FormatException Wrong(string what) => wrong(at, what);

    /// <summary>The object, of null, bool, long, BigInteger, double, string, byte[], List (a list), object[] (a tuple),
    /// <see cref="PickledDictionary"/>, <see cref="PickledTensor"/>, <see cref="PickledStorage"/> and <see cref="PickledName"/>; the
    /// stream stands behind the pickle.</summary>
    internal object? Read()
    {
        while (true)
        {
            at = stream.Position;
            var code = Byte();
            switch (code)
            {
                case 0x80: // PROTO
                    if (Byte() is var protocol and not (>= 2 and <= 5)) throw Wrong($"expected a pickle of protocol 2 to 5, got {protocol}");
                    break;
                case 0x95: // FRAME
                    Length(8);
                    break;
                case (byte)'.': // STOP
                    if (stack.Count != 1) throw Wrong($"the pickle ends with {stack.Count} objects, expected one");
                    return Pop();
                case (byte)'N': Push(null); break;
                case 0x88: Push(true); break;
                case 0x89: Push(false); break;
                case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
                case (byte)'K': Push((long)Byte()); break;
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
                case 0x8a: // LONG1
                    var integer = new BigInteger(Bytes(Byte()));
                    Push(integer >= long.MinValue && integer <= long.MaxValue ? (object)(long)integer : integer);
                    break;
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;
                case (byte)'X': Push(Text(Length(4))); break; // BINUNICODE
                case 0x8c: Push(Text(Length(1))); break; // SHORT_BINUNICODE
                case 0x8d: Push(Text(Length(8))); break; // BINUNICODE8
                // Python 2 wrote its texts so: bytes of no said encoding.
                case (byte)'U': Push(Encoding.Latin1.GetString(Bytes(Length(1)))); break;
                case (byte)'T': Push(Encoding.Latin1.GetString(Bytes(Length(4)))); break;
                case (byte)'C': Push(Bytes(Length(1))); break; // SHORT_BINBYTES
                case (byte)'B': Push(Bytes(Length(4))); break; // BINBYTES
                case (byte)'(': stack.Add(Mark); break;
                case (byte)')': Push(Array.Empty<object?>()); break;
                case 0x85: Push(PopLast(1)); break; // TUPLE1
                case 0x86: Push(PopLast(2)); break;
                case 0x87: Push(PopLast(3)); break;
                case (byte)'t': Push(PopToMark()); break;
                case (byte)']': Push(new List<object?>()); break;
                case (byte)'a': Append(PopLast(1)); break;
                case (byte)'e': Append(PopToMark()); break;
                case (byte)'}': Push(new PickledDictionary()); break;
                case (byte)'s': SetItems(PopLast(2)); break;
                case (byte)'u': SetItems(PopToMark()); break;
                case (byte)'q': memo[Byte()] = Top(); break;
                case (byte)'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))] = Top(); break;
                case 0x94: memo[memo.Count] = Top(); break; // MEMOIZE
                case (byte)'h': Push(Remembered(Byte())); break;
                case (byte)'j': Push(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))); break;
                case (byte)'c': Push(Name(Line(), Line())); break; // GLOBAL
                case 0x93: // STACK_GLOBAL
                    if (PopLast(2) is not [string module, string name]) throw Wrong("a name is not made of two texts");
                    Push(Name(module, name));
                    break;
                case (byte)'i': throw Refused($"{Line()}.{Line()}"); // INST
                case (byte)'R': // REDUCE
                    if (PopLast(2) is not [var function, object?[] arguments]) throw Wrong("a call has no tuple of arguments");
                    Push(Call(function, arguments));
                    break;
                case (byte)'b': // BUILD: attributes of an OrderedDict, such as a state dictionary's _metadata; nothing here needs them.
                    Pop();
                    if (Top() is not PickledDictionary) throw Wrong($"the pickle sets attributes of {Kind(Top())}, expected a dictionary");
                    break;
                case (byte)'Q': Push(Persistent(Pop())); break; // BINPERSID
                default:
                    throw Wrong($"the instruction 0x{code:x2}{(code is > 0x20 and < 0x7f ? $" ('{(char)code}')" : "")} is none that a state dictionary needs; nothing was run");
            }
        }
    }

    byte Byte() => stream.ReadByte() is >= 0 and var value ? (byte)value : throw Ended();

    FormatException Ended() => Wrong("the pickle ends in the middle of an instruction; the file may be truncated");

    byte[] Bytes(int count)
    {
        if (count > stream.Length - stream.Position) throw Wrong($"{count} bytes should follow, but the file has only {stream.Length - stream.Position} more; it may be truncated");
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    // A length of so many bytes, checked against what is left.
    int Length(int size)
    {
        Span<byte> wide = stackalloc byte[8];
        Bytes(size).CopyTo(wide);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(wide);
        var left = stream.Length - stream.Position;
        if (length > (ulong)Math.Min(left, int.MaxValue)) throw Wrong($"{length} bytes should follow, but the file has only {left} more; it may be truncated");
        return (int)length;
    }

    string Text(int length)
    {
        try
        {
            return Utf8.GetString(Bytes(length));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("a text is not UTF-8");
        }
    }

    string Line()
    {
        var line = new StringBuilder();
        for (byte value; (value = Byte()) != '\n';)
        {
            if (value is < 0x20 or > 0x7e) throw Wrong("a name has other characters than printable ASCII");
            if (line.Length == LongestName) throw Wrong($"a name is longer than {LongestName} characters");
            line.Append((char)value);
        }
        return line.ToString();
    }

    void Push(object? value) => stack.Add(value);

    object? Top() => stack.Count > 0 && stack[^1] != Mark ? stack[^1] : throw Wrong("an instruction takes more objects than there are");

    object? Pop()
    {
        var value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    object?[] PopLast(int count)
    {
        var values = new object?[count];
        while (count-- > 0) values[count] = Pop();
        return values;
    }

    object?[] PopToMark()
    {
        var mark = stack.LastIndexOf(Mark);
        if (mark < 0) throw Wrong("an instruction looks for a mark, and there is none");
        var values = stack.GetRange(mark + 1, stack.Count - mark - 1).ToArray();
        stack.RemoveRange(mark, stack.Count - mark);
        return values;
    }

    object? Remembered(long key) => memo.TryGetValue(key, out var value) ? value : throw Wrong($"the pickle refers to object {key}, which it has not remembered");

    void Append(object?[] values)
    {
        if (Top() is not List<object?> list) throw Wrong($"the pickle appends to {Kind(Top())}, expected a list");
        list.AddRange(values);
    }

    void SetItems(object?[] pairs)
    {
        if (Top() is not PickledDictionary dictionary) throw Wrong($"the pickle sets entries of {Kind(Top())}, expected a dictionary");
        if (pairs.Length % 2 != 0) throw Wrong("a dictionary's last key has no value");
        for (var i = 0; i < pairs.Length; i += 2) Set(dictionary, pairs[i], pairs[i + 1]);
    }

    void Set(PickledDictionary dictionary, object? key, object? value) => dictionary.Entries[key is string or long or double or bool ? key
        : throw Wrong($"a dictionary has {Kind(key)} as a key; texts, whole numbers, numbers and truth values are supported")] = value;

    void Spend(long cost)
    {
        allowance -= cost;
        if (allowance < 0) throw Wrong("the pickle makes objects that are larger than itself, as none of torch.save does");
    }

    FormatException Refused(string name) => Wrong($"the pickle wants {name}, which is none of the few names that a state dictionary needs; nothing was run."
        + " If you trust the file, load it in Python and save what you need of it with torch.save: tensors, numbers, texts, lists and dictionaries");

    PickledName Name(string module, string name)
    {
        var full = $"{module}.{name}";
        return Known.Contains(full) ? new PickledName(full) : throw Refused(full.Length > 2 * LongestName ? full[..(2 * LongestName)] + "..." : full);
    }

    object? Call(object? function, object?[] arguments)
    {
        switch ((function as PickledName)?.Name, arguments)
        {
            case (OrderedDict, []):
                return new PickledDictionary();
            // Python 2's form: a list of pairs.
            case (OrderedDict, [List<object?> pairs]):
                Spend(pairs.Count);
                var dictionary = new PickledDictionary();
                foreach (var pair in pairs)
                {
                    if (pair is not (IList<object?> and [var key, var value])) throw Wrong("an OrderedDict is made of other things than pairs");
                    Set(dictionary, key, value);
                }
                return dictionary;
            case (RebuildTensor, [PickledStorage storage, long offset, object?[] sizes, object?[] strides]):
                return Tensor(storage, offset, sizes, strides);
            case (RebuildTensor2, [PickledStorage storage, long offset, object?[] sizes, object?[] strides, bool, _, ..]):
                return Tensor(storage, offset, sizes, strides);
            case (RebuildParameter, [PickledTensor tensor, bool, _]):
                return tensor;
            case (RebuildParameterWithState, [PickledTensor tensor, bool, _, _]):
                return tensor;
            case (Size, [object?[] sizes]):
                return sizes;
            case (Device, [string { Length: <= LongestDevice } type]):
                return type;
            case (Device, [string { Length: <= LongestDevice } type, long index]):
                return string.Create(CultureInfo.InvariantCulture, $"{type}:{index}");
            // How protocol 2 writes bytes.
            case (Encode, [string text, "latin1"]):
                Spend(text.Length);
                return Encoding.Latin1.GetBytes(text);
            case ({ } name, _):
                throw Wrong($"{name} is called with other arguments than torch.save gives it: ({string.Join(", ", arguments.Take(10).Select(Kind))})");
            default:
                throw Wrong($"the pickle calls {Kind(function)}");
        }
    }

    PickledTensor Tensor(PickledStorage storage, long offset, object?[] sizes, object?[] strides)
    {
        if (sizes.Length != strides.Length) throw Wrong($"a tensor has {sizes.Length} sizes and {strides.Length} strides");
        if (sizes.Length > Shape.MaxRank) throw Wrong($"a tensor has {sizes.Length} dimensions; at most {Shape.MaxRank} are supported");
        Span<int> shapeSizes = stackalloc int[sizes.Length];
        Span<int> steps = stackalloc int[sizes.Length];
        var last = (Int128)offset;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] is not (long and >= 0 and <= int.MaxValue)) throw Wrong($"a tensor's size is {sizes[i] ?? "None"}, expected a number from 0 to {int.MaxValue}");
            if (strides[i] is not long stride || stride < 0) throw Wrong($"a tensor's stride is {strides[i] ?? "None"}, expected a number from 0 on");
            var size = (int)(long)sizes[i]!;
            shapeSizes[i] = size;
            last += (Int128)stride * Math.Max(size - 1, 0);
            // Where there is nothing to step to, the stride says nothing and may be of any size.
            steps[i] = size > 1 ? (int)Math.Min(stride, int.MaxValue) : 1;
        }
        Shape shape;
        try
        {
            shape = new Shape(shapeSizes);
        }
        catch (ArgumentException error)
        {
            throw Wrong(error.Message);
        }
        if (offset < 0) throw Wrong($"a tensor starts at element {offset} of its storage");
        if (shape.ElementCount == 0) return new PickledTensor(storage, new Layout(shape));
        if (last >= storage.Count) throw Wrong($"a tensor of shape {shape} reaches to element {last} of its storage, which has {storage.Count}");
        if (storage.Start + last > int.MaxValue) throw Wrong($"a tensor reaches to element {storage.Start + last} of its storage; at most {int.MaxValue} is supported");
        return new PickledTensor(storage, Layout.Strided(shape, steps, (int)(storage.Start + offset)));
    }

    // ("storage", its class, its key, its device, the number of elements), and in the older form None or (a key of its own,
    // first element, number of elements) of a part.
    PickledStorage Persistent(object? id)
    {
        if (id is not (object?[] and ["storage", PickledName kind, string key, string, long total, .. { Length: <= 1 } rest]))
            throw Wrong($"expected the description of a storage, got {Kind(id)}");
        if (TorchTypes.OfStorage(kind.Name) is not { } type) throw Wrong($"{kind.Name} is no class of storages");
        if (key.Length is 0 or > LongestName) throw Wrong($"a storage's key has {key.Length} characters, expected 1 to {LongestName}");
        if (total < 0 || total > fileLength / type.Size()) throw Wrong($"storage {key} should have {total} elements of {type.Size()} bytes, but the file has only {fileLength} bytes; it may be truncated");
        var whole = new PickledStorage(key, type, total, 0, total);
        if (!storages.TryAdd(key, whole) && storages[key] != whole) throw Wrong($"storage {key} is described in two ways");
        if (rest is [] or [null]) return whole;
        if (rest is not [object?[] and [string, long start and >= 0, long count and >= 0]] || start > total || count > total - start) throw Wrong($"a part of storage {key} does not lie in it");
        return whole with { Start = start, Count = count };
    }

    static string Kind(object? value) => value switch
    {
        null => "None",
        bool => "a truth value",
        long or BigInteger => "a whole number",
        double => "a number",
        string => "a text",
        byte[] => "bytes",
        List<object?> => "a list",
        object?[] => "a tuple",
        PickledDictionary => "a dictionary",
        PickledTensor => "a tensor",
        PickledStorage => "a storage",
        PickledName name => name.Name,
        _ => "nothing",
    };
}
