using System.IO.Compression;

namespace Cresset.Vision;

/// <summary>
/// A picture of an image folder: its path (inside the zip file, where it is one) and the index of its class.
/// </summary>
/// <param name="Path">A file's path, or a zip entry's name.</param>
/// <param name="Label">The index of its class.</param>
public readonly record struct ImageFolderItem(string Path, int Label);

/// <summary>
/// Pictures in a folder for each class: ROOT/CLASS/.../picture.png. The root is a folder, or lies in a .zip file, which
/// is read without being extracted. PyTorch's torchvision.datasets.ImageFolder.
/// </summary>
/// <remarks>
/// Classes are the root's folders, sorted by their characters' codes (ordinally, as Python sorts), and numbered from 0;
/// pictures are sorted likewise within a class. Files are pictures by the ending of their names. What starts with a
/// dot, and macOS's __MACOSX in zip files, is passed over. Reading is safe from many threads.
/// </remarks>
public sealed class ImageFolder : IDisposable
{
    // What a zip entry says of its size is not trusted; this much at most is unpacked of one picture.
    private const int MaxEntryBytes = 256 << 20;

    private readonly string _source;
    private readonly ZipArchive? _zip;
    private readonly Lock _zipLock = new();

    /// <summary>Lists the classes and pictures; reads no picture yet.</summary>
    /// <param name="path">A folder or a .zip file.</param>
    /// <param name="subfolder">Where in it the classes' folders lie, such as "train"; empty for its top.</param>
    /// <exception cref="DirectoryNotFoundException">There is neither a folder nor a file at the path.</exception>
    /// <exception cref="InvalidDataException">
    /// There is no class, a class has no picture, the file is no zip file, or a zip entry's name points outside it.
    /// </exception>
    public ImageFolder(string path, string subfolder = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(subfolder);
        subfolder = subfolder.Replace('\\', '/').Trim('/');
        _source = subfolder.Length == 0 ? path : $"{path}/{subfolder}";
        List<(string Class, string Path)> found;
        SortedSet<string> classes = new(StringComparer.Ordinal);
        if (Directory.Exists(path))
        {
            found = ListFolder(Path.Combine(path, subfolder), classes);
        }
        else
        {
            if (!File.Exists(path))
                throw new DirectoryNotFoundException(
                    $"{path}: expected a folder of classes or a .zip file, got neither.");
            _zip = OpenZip(path);
            try
            {
                found = ListZip(path, subfolder, classes);
            }
            catch
            {
                _zip.Dispose();
                throw;
            }
        }
        try
        {
            Classes = [.. classes];
            Items = Number(found);
        }
        catch
        {
            _zip?.Dispose();
            throw;
        }
    }

    /// <summary>The names of the classes, by class index.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The pictures, class by class.</summary>
    public IReadOnlyList<ImageFolderItem> Items { get; }

    /// <summary>Reads one picture.</summary>
    /// <param name="index">Its index in <see cref="Items"/>.</param>
    /// <param name="color">Grey (one plane) or red, green, blue (three planes).</param>
    /// <param name="size">Height and width to resize to; null for the picture's own.</param>
    /// <exception cref="InvalidDataException">The picture cannot be decoded; the message names it.</exception>
    public ImagePixels Read(int index, ImageColor color = ImageColor.Rgb, (int Height, int Width)? size = null)
    {
        string path = Items[index].Path;
        return _zip is null
            ? ImageFile.Read(path, color, size)
            : ImageFile.Decode(ReadEntry(_zip, path), $"{_source}: {path}", color, size);
    }

    /// <summary>
    /// Reads all pictures into memory, in the order of <see cref="Items"/>; they must have one size, or be resized to
    /// one. Each is named by its path within the folder or zip file.
    /// </summary>
    /// <param name="color">Grey (one plane) or red, green, blue (three planes).</param>
    /// <param name="size">Height and width to resize to; null where all pictures have one size.</param>
    /// <param name="broken">
    /// Told of each picture that cannot be decoded, which then is left out; null to let the first one be an error.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// A picture cannot be decoded, or all of a class; one has another size than the first; or all together pass what
    /// one array can hold (2 GiB).
    /// </exception>
    public LabelledImages Load(ImageColor color = ImageColor.Rgb, (int Height, int Width)? size = null, Action<string>? broken = null)
    {
        var faults = new string?[Items.Count];
        ImagePixels? TryRead(int i)
        {
            try
            {
                return Read(i, color, size);
            }
            catch (InvalidDataException e) when (broken is not null)
            {
                faults[i] = e.Message;
                return null;
            }
        }
        int start = 0;
        ImagePixels? read = null;
        while (start < Items.Count && (read = TryRead(start)) is null)
            start++;
        if (read is not { } first)
            throw new InvalidDataException($"{_source}: expected pictures, got {Items.Count} files that cannot be read: {faults[0]}");
        int one = first.Pixels.Length;
        if ((long)one * Items.Count > Array.MaxLength)
            throw new InvalidDataException(
                $"{_source}: {Items.Count} pictures of {first.Channels}x{first.Height}x{first.Width} pass the " +
                $"{Array.MaxLength} bytes of one array: ask for a smaller size, or read them one by one.");
        var pixels = new byte[one * Items.Count];
        try
        {
            Parallel.For(start, Items.Count, i =>
            {
                if (TryRead(i) is not { } image)
                    return;
                if (image.Height != first.Height || image.Width != first.Width)
                    throw new InvalidDataException(
                        $"{Items[i].Path}: expected a picture of {first.Height}x{first.Width} as {Items[start].Path} " +
                        $"is, got {image.Height}x{image.Width}; name a size to resize all pictures to.");
                image.Pixels.CopyTo(pixels.AsSpan(i * one));
            });
        }
        catch (AggregateException e) when (e.InnerExceptions[0] is InvalidDataException cause)
        {
            throw new InvalidDataException(cause.Message, e);
        }
        int[] whole = [.. Enumerable.Range(0, Items.Count).Where(i => faults[i] is null)];
        foreach (int i in Enumerable.Range(0, Items.Count).Except(whole))
            broken!(faults[i]!);
        if (whole.Length < Items.Count)
        {
            int empty = Enumerable.Range(0, Classes.Count).Except(whole.Select(i => Items[i].Label)).FirstOrDefault(-1);
            if (empty >= 0)
                throw new InvalidDataException($"{_source}: expected pictures in each class's folder, none of {Classes[empty]} can be read.");
            // Those that follow a gap move up.
            for (int to = 0; to < whole.Length; to++)
                pixels.AsSpan(whole[to] * one, one).CopyTo(pixels.AsSpan(to * one));
            Array.Resize(ref pixels, whole.Length * one);
        }
        return new LabelledImages(
            pixels, [.. whole.Select(i => (long)Items[i].Label)], first.Channels, first.Height, first.Width, Classes,
            [.. whole.Select(i => NameOf(Items[i]))]);
    }

    /// <summary>Closes the zip file, where there is one.</summary>
    public void Dispose() => _zip?.Dispose();

    private static List<(string Class, string Path)> ListFolder(string root, SortedSet<string> classes)
    {
        if (!Directory.Exists(root))
            throw new DirectoryNotFoundException($"{root}: expected a folder of classes, got no such folder.");
        var found = new List<(string, string)>();
        // The depth is bounded for the sake of links that lead back to a folder above.
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = 16,
            IgnoreInaccessible = false,
        };
        foreach (string folder in Directory.EnumerateDirectories(root))
        {
            string name = Path.GetFileName(folder);
            if (name.StartsWith('.'))
                continue;
            classes.Add(name);
            found.AddRange(Directory.EnumerateFiles(folder, "*", options)
                .Where(file => IsPicture(Path.GetFileName(file))).Select(file => (name, file)));
        }
        return found;
    }

    private static ZipArchive OpenZip(string path)
    {
        ZipArchive? zip = null;
        try
        {
            zip = ZipFile.OpenRead(path);
            // The list of the entries is read when it is first asked for.
            _ = zip.Entries;
            return zip;
        }
        catch (InvalidDataException e)
        {
            zip?.Dispose();
            throw new InvalidDataException(
                $"{path}: expected a zip file, got another kind of file or a truncated one ({e.Message})", e);
        }
    }

    private List<(string Class, string Path)> ListZip(string path, string subfolder, SortedSet<string> classes)
    {
        string prefix = subfolder.Length == 0 ? "" : subfolder + "/";
        var found = new List<(string, string)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (ZipArchiveEntry entry in _zip!.Entries)
        {
            string name = entry.FullName;
            // Nothing is extracted, so that such a name can do no harm; but its maker meant some, or it is damaged.
            bool inside = !name.StartsWith('/') && !name.Split('/').Any(part => part is "." or "..");
            if (!inside || name.AsSpan().ContainsAny('\\', '\0'))
                throw new InvalidDataException(
                    $"{path}: expected entry names inside the zip file, got '{name.Replace('\0', '?')}'.");
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            string[] parts = name[prefix.Length..].Split('/');
            if (parts.Length < 2 || parts.Any(part => part.StartsWith('.') || part == "__MACOSX"))
                continue;
            classes.Add(parts[0]);
            if (!IsPicture(parts[^1]))
                continue;
            if (!names.Add(name))
                throw new InvalidDataException($"{path}: expected each entry once, got two named '{name}'.");
            found.Add((parts[0], name));
        }
        return found;
    }

    private List<ImageFolderItem> Number(List<(string Class, string Path)> found)
    {
        if (Classes.Count == 0)
            throw new InvalidDataException(
                $"{_source}: expected a folder for each class, got none. " +
                "Where the classes lie deeper, name their folder.");
        var indices = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string name in Classes)
            indices.Add(name, indices.Count);
        var items = found.ConvertAll(item => new ImageFolderItem(item.Path, indices[item.Class]));
        items.Sort((a, b) => a.Label != b.Label ? a.Label.CompareTo(b.Label) : string.CompareOrdinal(a.Path, b.Path));
        var used = items.Select(item => item.Label).ToHashSet();
        string[] empty = [.. Classes.Where(name => !used.Contains(indices[name]))];
        if (empty.Length > 0)
            throw new InvalidDataException(
                $"{_source}: expected pictures ({string.Join(", ", ImageFile.Extensions)}) in each class's " +
                $"folder, got none in {string.Join(", ", empty)}.");
        return items;
    }

    private string NameOf(ImageFolderItem item) =>
        _zip is null ? System.IO.Path.GetRelativePath(_source, item.Path).Replace('\\', '/') : item.Path;

    private static bool IsPicture(string name) => !name.StartsWith('.') && ImageFile.HasImageExtension(name);

    private byte[] ReadEntry(ZipArchive zip, string name)
    {
        // A zip archive has one position for all its entries: one thread at a time reads, all decode.
        lock (_zipLock)
        {
            try
            {
                using Stream stream = zip.GetEntry(name)!.Open();
                using var bytes = new MemoryStream();
                var buffer = new byte[1 << 14];
                for (int got; (got = stream.Read(buffer)) > 0;)
                {
                    if (bytes.Length + got > MaxEntryBytes)
                        throw new InvalidDataException($"expected at most {MaxEntryBytes} bytes, got more");
                    bytes.Write(buffer, 0, got);
                }
                return bytes.ToArray();
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"{_source}: {name} cannot be unpacked: {e.Message}", e);
            }
        }
    }
}
