using Cresset.Data;
using Cresset.Nn;

namespace Cresset.Cli.Inputs;

/// <summary>Rows of a table.</summary>
sealed record TableInput(TableEncoding Encoding) : ModelInput
{
    public override InputKind Kind => InputKind.Table;

    public override string Unit => "rows";

    public override IReadOnlyList<string> PredictOptions => Number is null ? ["--top"] : [];

    public override TableTarget? Number => Encoding.Target.Task == TableTask.Regression ? Encoding.Target : null;

    public override TableColumns? FileColumns => new(Encoding.Target.Name, Encoding.Target.Task, null);

    public override IReadOnlyList<string> Notes
    {
        get
        {
            List<string> notes = [];
            foreach (var (kind, what) in (ReadOnlySpan<(TableColumnKind, string)>)[(TableColumnKind.Number, "numbers, standardised"), (TableColumnKind.Date, "dates, as days"), (TableColumnKind.Category, "categories")])
            {
                var columns = Encoding.Columns.Where(c => c.Kind == kind).ToList();
                if (columns.Count > 0) notes.Add($"{what}: {string.Join(", ", columns.Select(Describe))}");
            }
            notes.AddRange(Encoding.LeftOut.Select(c => $"left out: {c.Column} ({c.Reason})"));
            return notes;
        }
    }

    static string Describe(TableColumn column)
    {
        List<string> facts = [];
        if (column.Kind == TableColumnKind.Category) facts.Add($"{column.Categories.Count}{(column.IsEmbedded ? ", embedded" : "")}");
        if (column.Missing > 0) facts.Add($"{column.Missing} missing{(column.Kind == TableColumnKind.Category ? "" : ": the mean, and a mark")}");
        return facts.Count == 0 ? column.Name : $"{column.Name} ({string.Join("; ", facts)})";
    }

    public override Tensor Example() => Tensor.Zeros([1, Encoding.Width]);

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        bool isFile = File.Exists(argument);
        var table = isFile ? CsvTable.Load(argument) : Row(argument);
        var outputs = network.Forward(Encode(table));
        return [.. Enumerable.Range(0, table.Count).Select(i =>
        {
            var output = outputs.Narrow(0, i, 1);
            var prediction = new Prediction(isFile ? table.Place(i) : argument);
            return Number is { } number
                ? prediction with { Number = output.Item() * number.Deviation + number.Mean }
                : prediction with { Classes = Likeliest(output, classes, request.Top ?? PredictCommand.DefaultTop) };
        })];
    }

    Tensor Encode(CsvTable table)
    {
        try
        {
            return Encoding.Encode(table);
        }
        catch (ArgumentException e)
        {
            throw CommandException.Usage($"predict: the model needs the columns {string.Join(", ", Encoding.Columns.Select(c => c.Name))}: {e.Message}");
        }
    }

    // What is not named is missing.
    CsvTable Row(string argument)
    {
        if (argument.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)) throw CommandException.Usage($"predict: there is no file {argument}.");
        var fields = Encoding.Columns.ToDictionary(c => c.Name, _ => "");
        foreach (var part in argument.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !fields.ContainsKey(part[..equals].Trim()))
                throw CommandException.Usage($"predict: expected a CSV file, or COLUMN=VALUE,... of the columns {string.Join(", ", fields.Keys)}, got '{argument}'.");
            fields[part[..equals].Trim()] = part[(equals + 1)..];
        }
        return CsvTable.From(fields.Keys, [[.. fields.Values]]);
    }

    public override void Write(CardEntries entries)
    {
        WriteKind(entries);
        entries["table"] = Encoding.ToJson();
    }

    public static TableInput FromCard(CardEntries entries)
    {
        try
        {
            return new(TableEncoding.FromJson(entries["table"]));
        }
        catch (FormatException e)
        {
            throw entries.Wrong("table", "the encoding of a table", e);
        }
    }
}

/// <summary>Rows with a target.</summary>
/// <param name="Table">The rows.</param>
/// <param name="Target">The column to predict.</param>
/// <param name="Task">What to make of it; null for what its values say.</param>
/// <param name="TargetClasses">The classes of the whole file; none for a number, or where a model has its own.</param>
sealed record TableSamples(CsvTable Table, string Target, TableTask? Task, IReadOnlyList<string> TargetClasses) : SeparateSamples
{
    // A number's name stands for it.
    public override IReadOnlyList<string> Classes => TargetClasses.Count > 0 ? TargetClasses : [Target];

    public override int Count => Table.Count;

    public override string Noun => "rows";

    public override ModelInput Measure() => new TableInput(TableEncoding.Fit(Table, Target, Task, TargetClasses.Count > 0 ? TargetClasses : null));

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var dataset = ((TableInput)input).Encoding.ToDataset(Table);
        return training is null ? new DataLoader(dataset, batchSize) : new DataLoader(dataset, batchSize, shuffle: true, seed: training.Seed, workers: training.Workers);
    }

    // Rows without a target are passed over, as in training.
    public override ShownSample Show(long index)
    {
        var row = Enumerable.Range(0, Table.Count).Where(i => !Table.IsMissing(Table[i, Target])).ElementAt((int)index);
        return new(string.Join(", ", Table.Names.Where(name => name != Target).Select(name => $"{name}={Table[row, name]}")),
            Truth: TargetClasses.Count > 0 ? null : Table[row, Target]);
    }

    protected override void WriteSamples(BinaryWriter writer)
    {
        foreach (var name in Table.Names)
        {
            writer.Write(name);
            foreach (var field in Table.Column(name)) writer.Write(field);
        }
    }

    public override SeparateSamples Pick(int[] places) => this with { Table = Table.Pick(places) };
}
