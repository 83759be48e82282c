using System.Globalization;
using System.Numerics;

namespace Cresset.Serialization;

// Takes what a pickle describes apart: tensors and plain values by dotted paths.
sealed class TorchContents
{
    const int Deepest = 64;

    readonly Func<string, FormatException> wrong;
    // Objects that a pickle refers to many times are met as often: what all names together may cost, against a short file that
    // describes more of them than any memory holds.
    long allowance;

    TorchContents(object? root, long length, Func<string, FormatException> wrong)
    {
        this.wrong = wrong;
        allowance = 64 * length + (1 << 16);
        Add("", root, 0);
    }

    internal OrderedDictionary<string, PickledTensor> Tensors { get; } = [];

    internal OrderedDictionary<string, object?> Values { get; } = [];

    /// <summary>What lies in an object that was read from a pickle of so many bytes.</summary>
    internal static TorchContents Of(object? root, long length, Func<string, FormatException> wrong) => new(root, length, wrong);

    void Spend(int cost, int depth)
    {
        if (depth > Deepest) throw wrong($"its lists and dictionaries lie more than {Deepest} deep, or within themselves");
        allowance -= cost;
        if (allowance < 0) throw wrong("it refers to the same lists and dictionaries so often that their names would not fit into memory");
    }

    void Add(string path, object? value, int depth)
    {
        Spend(1 + path.Length, depth);
        switch (value)
        {
            case PickledTensor tensor:
                if (Values.ContainsKey(path) || !Tensors.TryAdd(path, tensor)) throw Twice(path);
                break;
            case PickledDictionary dictionary:
                foreach (var (key, entry) in dictionary.Entries) Add(Join(path, key), entry, depth + 1);
                break;
            case IList<object?> list when !IsPlain(list, depth):
                for (var i = 0; i < list.Count; i++) Add(Join(path, (long)i), list[i], depth + 1);
                break;
            case PickledStorage:
                throw wrong($"\"{path}\" is a storage without a tensor, which is not supported");
            default:
                if (Tensors.ContainsKey(path) || !Values.TryAdd(path, value is PickledName name ? name.Name : value)) throw Twice(path);
                break;
        }
    }

    FormatException Twice(string path) => wrong($"two of its entries have the path \"{path}\"");

    // A list of numbers and texts is one value; one that holds tensors or dictionaries is taken apart.
    bool IsPlain(IList<object?> list, int depth)
    {
        foreach (var item in list)
        {
            Spend(1, depth);
            if (item is PickledTensor or PickledDictionary or PickledStorage or PickledName || (item is IList<object?> inner && !IsPlain(inner, depth + 1))) return false;
        }
        return true;
    }

    static string Join(string path, object key)
    {
        var text = key switch
        {
            bool truth => truth ? "True" : "False",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => (string)key,
        };
        return path.Length == 0 ? text : $"{path}.{text}";
    }
}
