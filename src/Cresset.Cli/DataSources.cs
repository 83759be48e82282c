using System.IO.Compression;
using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Text;
using Cresset.Vision;
using Spectre.Console;

namespace Cresset.Cli;

/// <summary>Which data to load.</summary>
/// <param name="Data">A data set's name, or the path of a folder or file.</param>
/// <param name="DataDir">Where data sets lie; null for the usual places.</param>
/// <param name="TrainCount">How many training samples; null for all there are.</param>
/// <param name="TestCount">How many test samples; null for all there are.</param>
/// <param name="Shape">What pictures of a folder are brought to; null where the model takes none.</param>
/// <param name="Columns">What is where in a table.</param>
/// <param name="MaxBroken">How many pictures that cannot be read are left out; null for one in twenty, at least one.</param>
/// <param name="Whole">Whether folders and files without a test part of their own are test samples as a whole: others than a model was
/// trained on.</param>
sealed record DataRequest(string Data, string? DataDir, int? TrainCount, int? TestCount, PictureShape? Shape, TableColumns Columns = default, int? MaxBroken = null, bool Whole = false);

/// <summary>A data set by name, or a folder or file.</summary>
/// <param name="Name">The name, or the full path.</param>
/// <param name="Kind">What is in it.</param>
/// <param name="Shape">The shape of its pictures; null where it has none, or they are brought to what the model wants.</param>
/// <param name="LoadPart">Loads the training part (true) or the test part.</param>
sealed record DataSource(string Name, InputKind Kind, PictureShape? Shape, Func<DataRequest, bool, Terminal, CancellationToken, Samples> LoadPart)
{
    /// <summary>Loads a part, or as much of it as was asked for.</summary>
    public Samples Load(DataRequest request, bool train, Terminal terminal, CancellationToken stop)
    {
        var samples = LoadPart(request, train, terminal, stop);
        return train ? samples.Take(request.TrainCount, "--train-count", "training") : samples.Take(request.TestCount, "--test-count", "test");
    }
}

/// <summary>The data that `--data` knows: data sets by name, folders and files.</summary>
static class DataSources
{
    // Two sets that share no picture or sentence: the seed decides every stroke and word.
    const ulong TrainSeed = 1, TestSeed = 2;

    // Where a data set has no test part of its own, one sample in so many is held out: of pictures, sentences and rows, of names (by
    // language), of a text its end.
    const int HoldOut = 5, NamesHoldOut = 3, TextHoldOut = 10;

    static readonly string[] Prefixes = ["csv:", "images:", "text:"];

    static readonly string[] TestFolders = ["test", "val", "valid", "validation"];

    public static readonly IReadOnlyList<DataSource> All =
    [
        // Their numbers decide what they are, so that they are made, not picked.
        new("digits", InputKind.Pictures, PictureShape.Grey28, (request, train, _, _) => new PictureSamples(train
            ? DrawnDigits.Draw(request.TrainCount ?? 6000, TrainSeed)
            : DrawnDigits.Draw(request.TestCount ?? 1000, TestSeed))),
        new("mnist", InputKind.Pictures, PictureShape.Grey28, (request, train, terminal, stop) =>
            new PictureSamples(Mnist.Load(Ensure(Mnist.Definition, request, terminal, stop), train), ([0.1307], [0.3081]))),
        new("fashion-mnist", InputKind.Pictures, PictureShape.Grey28, (request, train, terminal, stop) =>
            new PictureSamples(FashionMnist.Load(Ensure(FashionMnist.Definition, request, terminal, stop), train), ([0.2860], [0.3530]))),
        new("cifar10", InputKind.Pictures, PictureShape.Colour32, (request, train, terminal, stop) =>
        {
            // Other forms than the one that is downloaded will do.
            var folder = new DatasetStore(request.DataDir).FolderOf(Cifar10.Definition.Name);
            return new PictureSamples(Cifar10.Load(Cifar10.IsIn(folder) ? folder : Ensure(Cifar10.Definition, request, terminal, stop), train), Cifar10.Normalisation);
        }),
        new("common-names", InputKind.Names, null, (_, train, _, _) => Names(CommonNames.Create(), train)),
        new("names", InputKind.Names, null, (request, train, terminal, stop) =>
            Names(LabelledNames.Load(Ensure(LabelledNames.Definition, request, terminal, stop)), train)),
        new("grammar", InputKind.Sentences, null, (_, train, _, _) => Grammar(train)),
        new("ud-ewt", InputKind.Sentences, null, (request, train, terminal, stop) =>
            Sentences(Conllu.Read(FileOf(Conllu.EnglishWebTreebank, request, terminal, stop)), train)),
        new("tinyshakespeare", InputKind.Text, null, (request, train, terminal, stop) =>
            Text(PlainText.Read(FileOf(PlainText.TinyShakespeare, request, terminal, stop)), train)),
    ];

    /// <summary>What `--data` takes, for the help.</summary>
    public static string Help =>
        $"{string.Join(", ", All.Select(s => s.Name))}; or a folder (or .zip) with a folder of pictures for each class, a folder of files LANGUAGE.txt with a name a line, a .conllu file of tagged sentences, a .txt file of plain text, a .csv file with a --target column and, to tell it by texts, a --text-column (also as images:FOLDER, text:FILE, csv:FILE).";

    /// <summary>The data set of that name, or the folder or file of that path.</summary>
    /// <param name="data">The name or path.</param>
    /// <param name="textColumn">The column of texts, where a table is meant as such.</param>
    /// <exception cref="CommandException">Neither; the message names the near matches.</exception>
    public static DataSource Find(string data, string? textColumn = null)
    {
        foreach (var source in All)
        {
            if (source.Name.Equals(data, StringComparison.OrdinalIgnoreCase)) return source;
        }
        // A prefix says what the name of a folder or file does not.
        var prefix = Array.Find(Prefixes, p => data.StartsWith(p, StringComparison.OrdinalIgnoreCase)) ?? "";
        data = data[prefix.Length..];
        if (data.Length == 0) throw CommandException.Usage("--data: expected a folder or file, got nothing.");
        var path = Path.GetFullPath(data);
        if (Path.Exists(data))
        {
            var kind = KindOf(path, prefix, textColumn) ?? throw CommandException.Usage(prefix switch
            {
                "images:" => $"--data: expected a folder or .zip file after {prefix}, got the file {data}.",
                "" => $"--data: expected a folder, or a .zip, .conllu, .txt or .csv file, got {data}.",
                _ => $"--data: expected a file after {prefix}, got the folder {data}.",
            });
            // One name for the same data, with or without a prefix that says nothing new.
            return new DataSource(KindOf(path, "", textColumn) == kind ? path : prefix + path, kind, null, (request, train, terminal, _) => kind switch
            {
                InputKind.Names => Names(LabelledNames.Load(path), train, request.Whole),
                InputKind.Sentences => Sentences(Conllu.Read(path), train, request.Whole),
                InputKind.Text => Text(PlainText.Read(path), train, request.Whole),
                InputKind.Table => Table(path, request, train),
                InputKind.Documents => Documents(path, request, train),
                _ => LoadFolder(path, request, train, terminal),
            });
        }
        if (prefix.Length > 0 || data.AsSpan().ContainsAny('/', '\\') || data is "." or ".." || Path.GetExtension(data).ToLowerInvariant() is ".zip" or ".conllu" or ".txt" or ".csv")
            throw CommandException.Usage($"--data: there is no folder or file {data}; expected {Help}");
        return NearMatch.Find("data set", data, All, s => s.Name);
    }

    // What a folder or file holds, by prefix or name, and of a table by what it is read for; null for nothing that is known.
    static InputKind? KindOf(string path, string prefix, string? textColumn)
    {
        bool isFolder = Directory.Exists(path);
        // A folder holds names where all that is in it is text files.
        bool IsNames() => Directory.EnumerateFiles(path, "*.txt").Any() && !Directory.EnumerateDirectories(path).Any();
        return (prefix, isFolder, isFolder ? "" : Path.GetExtension(path).ToLowerInvariant()) switch
        {
            ("text:", false, ".csv") => InputKind.Documents,
            ("csv:", false, _) or ("", _, ".csv") => textColumn is null ? InputKind.Table : InputKind.Documents,
            ("text:", false, _) or ("", _, ".txt") => InputKind.Text,
            ("images:", true, _) or ("images:" or "", _, ".zip") => InputKind.Pictures,
            ("", _, ".conllu") => InputKind.Sentences,
            ("", true, _) => IsNames() ? InputKind.Names : InputKind.Pictures,
            _ => null,
        };
    }

    /// <summary>The first of a kind, which needs no download where the library brings one along.</summary>
    public static DataSource First(InputKind kind) => All.First(s => s.Kind == kind);

    /// <summary>Sentences made by the library's grammar.</summary>
    public static SentenceSamples Grammar(bool train)
    {
        const int training = 1000, test = 250;
        return new(train ? GrammarSentences.Create(training, TrainSeed) : GrammarSentences.Create(test, TestSeed), GrammarSentences.Tags);
    }

    static NameSamples Names(LabelledNames names, bool train, bool whole = false)
    {
        if (whole) return new NameSamples(names);
        var (training, test) = names.Split(NamesHoldOut);
        return new NameSamples(train ? training : test);
    }

    static SentenceSamples Sentences(IReadOnlyList<TaggedSentence> sentences, bool train, bool whole = false)
    {
        if (whole) return new SentenceSamples(sentences, SentenceSamples.TagsOf(sentences));
        // Neighbours are of one text: every fifth would be too much alike, so that they are drawn.
        var order = new Generator(0).Permutation(sentences.Count);
        int test = sentences.Count / HoldOut;
        if (test == 0) throw new CommandException($"--data: expected at least {HoldOut} sentences, so that one can be held out for testing, got {sentences.Count}.");
        return new SentenceSamples([.. (train ? order[test..] : order[..test]).Select(i => sentences[i])], SentenceSamples.TagsOf(sentences));
    }

    static TableSamples Table(string path, DataRequest request, bool train)
    {
        var table = CsvTable.Load(path);
        var (target, task) = (TargetOf(table, path, request), request.Columns.Task);
        // A test file's classes are the model's; it may lack some.
        if (request.Whole) return new TableSamples(table, target, task, []);
        var classes = TableEncoding.ClassesOf(table, target, task);
        return new TableSamples(Part(table, path, train), target, classes.Count > 0 ? TableTask.Classification : TableTask.Regression, classes);
    }

    static DocumentSamples Documents(string path, DataRequest request, bool train)
    {
        var table = CsvTable.Load(path);
        var columns = request.Columns with { Target = TargetOf(table, path, request), Task = TableTask.Classification };
        if (request.Columns.Task == TableTask.Regression) throw CommandException.Usage("--task: of texts classes are told, not numbers; expected classification.");
        if (columns.Text is not { } texts)
            throw CommandException.Usage($"--text-column: expected the column of {path} with the texts, got nothing; its columns: {string.Join(", ", table.Names)}.");
        if (texts == columns.Target) throw CommandException.Usage($"--text-column: expected another column than the target's, got {texts} for both.");
        IReadOnlyList<string> classes = request.Whole ? [] : TableEncoding.ClassesOf(table, columns.Target, TableTask.Classification);
        // What has no class teaches nothing.
        var labels = table.Column(columns.Target);
        table = table.Pick([.. Enumerable.Range(0, table.Count).Where(i => !table.IsMissing(labels[i]))]);
        if (!request.Whole) table = Part(table, path, train);
        return new DocumentSamples(table.Column(texts), table.Column(columns.Target), classes, columns);
    }

    static string TargetOf(CsvTable table, string path, DataRequest request) => request.Columns.Target
        ?? throw CommandException.Usage($"--target: expected the column of {path} to predict, got nothing; its columns: {string.Join(", ", table.Names)}.");

    static CsvTable Part(CsvTable table, string path, bool train)
    {
        var order = new Generator(0).Permutation(table.Count);
        int test = table.Count / HoldOut;
        if (test == 0) throw new CommandException($"{path}: expected at least {HoldOut} rows, so that one can be held out for testing, got {table.Count}.");
        return table.Pick(train ? order[test..] : order[..test]);
    }

    static TextSamples Text(string text, bool train, bool whole = false)
    {
        if (whole) return new TextSamples(text, TextSamples.CharactersOf(text));
        int cut = text.Length - text.Length / TextHoldOut;
        if (cut > 0 && char.IsHighSurrogate(text[cut - 1])) cut--;
        return new TextSamples(train ? text[..cut] : text[cut..], TextSamples.CharactersOf(text));
    }

    static string FileOf(DatasetDefinition definition, DataRequest request, Terminal terminal, CancellationToken stop) =>
        Path.Combine(Ensure(definition, request, terminal, stop), definition.Files[0].Name);

    /// <summary>A data set's name; of a folder, its last part.</summary>
    public static string ShortName(string name) =>
        Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(name)) is { Length: > 0 } last ? last : "data";

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

    static PictureSamples LoadFolder(string path, DataRequest request, bool train, Terminal terminal)
    {
        var shape = request.Shape!.Value;
        var parts = PartsOf(path);
        if (parts is (var trainPart, var testPart))
        {
            using var folder = new ImageFolder(path, train ? trainPart : testPart);
            if (!train) RequireSameClasses(path, trainPart, testPart, folder.Classes);
            return Read(folder, shape, request, terminal);
        }
        using var whole = new ImageFolder(path);
        var samples = Read(whole, shape, request, train ? terminal : null);
        if (request.Whole) return samples;
        var images = samples.Images;
        // Pictures lie class by class: counting within each class keeps the parts balanced.
        var seen = new int[images.Classes.Count];
        int[] chosen = [.. Enumerable.Range(0, images.Count)
            .Where(i => (seen[images.Labels[i]]++ % HoldOut == HoldOut - 1) != train)];
        if (chosen.Length == 0)
            throw new CommandException($"{path}: expected at least {HoldOut} pictures in a class, so that one can be held out for testing.");
        return samples.Pick(chosen);
    }

    // A folder without parts is read for each of them, and what is broken is told once.
    static PictureSamples Read(ImageFolder folder, PictureShape shape, DataRequest request, Terminal? terminal)
    {
        List<string> broken = [];
        var images = folder.Load(shape.Channels == 1 ? ImageColor.Grey : ImageColor.Rgb, (shape.Height, shape.Width), broken.Add);
        int most = request.MaxBroken ?? Math.Max(1, folder.Items.Count / 20);
        if (broken.Count > most)
            throw new CommandException($"--max-broken: expected at most {most} pictures of {folder.Items.Count} that cannot be read, got {broken.Count}: {string.Join("; ", broken.Take(5))}{(broken.Count > 5 ? "; ..." : "")}");
        foreach (var message in broken) terminal?.Warn($"{message} Left out.");
        return new(images);
    }

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
