using System.IO.Compression;
using Cresset.Vision;
using Spectre.Console;

namespace Cresset.Cli;

/// <summary>Which pictures to load.</summary>
/// <param name="Data">A data set's name, or the path of a folder or .zip file with a folder for each class.</param>
/// <param name="DataDir">Where data sets lie; null for the usual places.</param>
/// <param name="TrainCount">How many training pictures; null for all there are.</param>
/// <param name="TestCount">How many test pictures; null for all there are.</param>
/// <param name="Shape">What pictures of a folder are brought to.</param>
sealed record DataRequest(string Data, string? DataDir, int? TrainCount, int? TestCount, PictureShape Shape);

/// <summary>A data set by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Shape">The shape of its pictures; null where they are brought to what the model wants.</param>
/// <param name="Normalisation">The mean and deviation of each channel in use for it; null where they are computed.</param>
/// <param name="Load">Loads the training part (true) or the test part.</param>
sealed record DataSource(
    string Name, PictureShape? Shape, (IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)? Normalisation,
    Func<DataRequest, bool, Terminal, CancellationToken, LabelledImages> Load);

/// <summary>The data that `--data` knows: data sets by name, and folders.</summary>
static class DataSources
{
    // Two sets that share no picture: the seed decides every stroke.
    const ulong TrainDigits = 1, TestDigits = 2;

    // Where a folder has no test part of its own, one picture in so many of each class is held out.
    const int HoldOut = 5;

    static readonly string[] TestFolders = ["test", "val", "valid", "validation"];

    public static readonly IReadOnlyList<DataSource> All =
    [
        new("digits", PictureShape.Grey28, null, (request, train, _, _) => train
            ? DrawnDigits.Draw(request.TrainCount ?? 6000, TrainDigits)
            : DrawnDigits.Draw(request.TestCount ?? 1000, TestDigits)),
        new("mnist", PictureShape.Grey28, ([0.1307], [0.3081]), (request, train, terminal, stop) =>
            Take(Mnist.Load(Ensure(Mnist.Definition, request, terminal, stop), train), request, train)),
        new("fashion-mnist", PictureShape.Grey28, ([0.2860], [0.3530]), (request, train, terminal, stop) =>
            Take(FashionMnist.Load(Ensure(FashionMnist.Definition, request, terminal, stop), train), request, train)),
        new("cifar10", PictureShape.Colour32, Cifar10.Normalisation, (request, train, terminal, stop) =>
        {
            // Other forms than the one that is downloaded will do.
            var folder = new DatasetStore(request.DataDir).FolderOf(Cifar10.Definition.Name);
            return Take(Cifar10.Load(Cifar10.IsIn(folder) ? folder : Ensure(Cifar10.Definition, request, terminal, stop), train), request, train);
        }),
    ];

    /// <summary>The data set of that name, or the folder of that path.</summary>
    /// <exception cref="CommandException">Neither; the message names the near matches.</exception>
    public static DataSource Find(string data)
    {
        foreach (var source in All)
        {
            if (source.Name.Equals(data, StringComparison.OrdinalIgnoreCase)) return source;
        }
        bool isZip = data.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);
        if (Directory.Exists(data) || (isZip && File.Exists(data)))
            return new DataSource(Path.GetFullPath(data), null, null, (request, train, _, _) => LoadFolder(Path.GetFullPath(data), request, train));
        if (isZip || data.AsSpan().ContainsAny('/', '\\') || data is "." or "..")
            throw CommandException.Usage($"--data: there is no folder {data}; expected a folder (or .zip) with a folder of pictures for each class.");
        return NearMatch.Find("data set", data, All, s => s.Name);
    }

    /// <summary>A data set's name; of a folder, its last part.</summary>
    public static string ShortName(string name) =>
        Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(name)) is { Length: > 0 } last ? last : "pictures";

    static string Ensure(DatasetDefinition definition, DataRequest request, Terminal terminal, CancellationToken stop)
    {
        var store = new DatasetStore(request.DataDir);
        if (store.MissingFiles(definition).Count == 0) return store.FolderOf(definition.Name);
        terminal.Note($"Data set {definition.Name} is not in {store.Root}: downloading it.");
        if (terminal.Quiet || !terminal.IsLive) return store.Ensure(definition, null, stop);
        return terminal.Console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .Start(context =>
            {
                var bars = new DownloadBars(context);
                return store.Ensure(definition, bars, stop);
            });
    }

    static LabelledImages LoadFolder(string path, DataRequest request, bool train)
    {
        var parts = PartsOf(path);
        if (parts is (var trainPart, var testPart))
        {
            using var folder = new ImageFolder(path, train ? trainPart : testPart);
            if (!train) RequireSameClasses(path, trainPart, testPart, folder.Classes);
            return Take(Read(folder, request.Shape), request, train);
        }
        using var whole = new ImageFolder(path);
        var images = Read(whole, request.Shape);
        // Pictures lie class by class: counting within each class keeps the parts balanced.
        var seen = new int[images.Classes.Count];
        int[] chosen = [.. Enumerable.Range(0, images.Count)
            .Where(i => (seen[images.Labels[i]]++ % HoldOut == HoldOut - 1) != train)];
        if (chosen.Length == 0)
            throw new CommandException($"{path}: expected at least {HoldOut} pictures in a class, so that one can be held out for testing.");
        return Take(Pick(images, chosen), request, train);
    }

    static LabelledImages Read(ImageFolder folder, PictureShape shape) =>
        folder.Load(shape.Channels == 1 ? ImageColor.Grey : ImageColor.Rgb, (shape.Height, shape.Width));

    /// <summary>The names of the train and test folders, where the top of the folder holds both.</summary>
    static (string Train, string Test)? PartsOf(string path)
    {
        HashSet<string> top;
        if (Directory.Exists(path))
        {
            top = [.. Directory.EnumerateDirectories(path).Select(p => Path.GetFileName(p))];
        }
        else
        {
            try
            {
                using var zip = ZipFile.OpenRead(path);
                top = [.. zip.Entries.Where(e => e.FullName.Contains('/', StringComparison.Ordinal)).Select(e => e.FullName.Split('/')[0])];
            }
            catch (InvalidDataException e)
            {
                throw new CommandException($"{path}: expected a zip file, got another kind of file or a truncated one ({e.Message})", cause: e);
            }
        }
        var test = Array.Find(TestFolders, top.Contains);
        return test is not null && top.Contains("train") ? ("train", test) : null;
    }

    static void RequireSameClasses(string path, string trainPart, string testPart, IReadOnlyList<string> testClasses)
    {
        using var train = new ImageFolder(path, trainPart);
        if (!train.Classes.SequenceEqual(testClasses))
            throw new CommandException(
                $"{path}: expected the classes of {trainPart} ({string.Join(", ", train.Classes)}) in {testPart}, got {string.Join(", ", testClasses)}.");
    }

    /// <summary>As many pictures as asked for, evenly spread over the set.</summary>
    static LabelledImages Take(LabelledImages images, DataRequest request, bool train)
    {
        int? count = train ? request.TrainCount : request.TestCount;
        if (count is null || count == images.Count) return images;
        if (count > images.Count)
            throw CommandException.Usage(
                $"{(train ? "--train-count" : "--test-count")}: the {(train ? "training" : "test")} part has {images.Count} pictures, asked for {count}.");
        return Pick(images, [.. Enumerable.Range(0, count.Value).Select(i => (int)((long)i * images.Count / count.Value))]);
    }

    static LabelledImages Pick(LabelledImages images, int[] indices)
    {
        int size = images.Channels * images.Height * images.Width;
        var pixels = new byte[indices.Length * size];
        for (int i = 0; i < indices.Length; i++) images[indices[i]].CopyTo(pixels.AsSpan(i * size));
        return new LabelledImages(
            pixels, [.. indices.Select(i => images.Labels[i])], images.Channels, images.Height, images.Width, images.Classes);
    }

    /// <summary>A bar for each file that is downloaded.</summary>
    sealed class DownloadBars(ProgressContext context) : IProgress<DownloadProgress>
    {
        readonly Dictionary<string, ProgressTask> bars = [];

        public void Report(DownloadProgress value)
        {
            lock (bars)
            {
                if (!bars.TryGetValue(value.File, out var bar))
                    bars[value.File] = bar = context.AddTask(value.File.EscapeMarkup(), maxValue: value.Total);
                bar.Value = value.Bytes;
            }
        }
    }
}
