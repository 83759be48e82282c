using Cresset.Data;
using Cresset.Nn;

namespace Cresset.Cli.Inputs;

/// <summary>What a model learns from and is asked about.</summary>
enum InputKind
{
    /// <summary>Pictures, each of one class.</summary>
    Pictures,

    /// <summary>Names, each of one class, by their letters.</summary>
    Names,

    /// <summary>Sentences, with a tag for each word.</summary>
    Sentences,

    /// <summary>Text, in which each character is guessed from those before.</summary>
    Text,

    /// <summary>Rows of a table, each with a class or a number to predict.</summary>
    Table,

    /// <summary>Texts, each of one class, by their words.</summary>
    Documents,
}

/// <summary>What is where in a table.</summary>
/// <param name="Target">The column to predict.</param>
/// <param name="Task">What to make of it; null for what its values say.</param>
/// <param name="Text">The column of texts that it is told by; null for all other columns.</param>
readonly record struct TableColumns(string? Target, TableTask? Task, string? Text);

/// <summary>How pictures, names, sentences, a text or rows become what a model takes: kept in the card of a saved model, so that eval and
/// predict treat new ones as training did.</summary>
abstract record ModelInput
{
    /// <summary>The kind.</summary>
    public abstract InputKind Kind { get; }

    /// <summary>What is counted in a report, such as "pictures".</summary>
    public abstract string Unit { get; }

    /// <summary>The options of `predict` that belong to it.</summary>
    public abstract IReadOnlyList<string> PredictOptions { get; }

    /// <summary>What of outputs and targets is compared, for a trainer; null for all.</summary>
    public virtual Func<Tensor, Tensor, (Tensor Outputs, Tensor Targets)>? Pairs => null;

    /// <summary>An input of one sample, for a summary.</summary>
    public abstract Tensor Example();

    /// <summary>The number to predict; null where there are classes.</summary>
    public virtual TableTarget? Number => null;

    /// <summary>What is where in a table of further samples; null where they are in none.</summary>
    public virtual TableColumns? FileColumns => null;

    /// <summary>What was found in the training part that the user should know of, line by line.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>What a model says of one argument of `predict`, which may be a file with several samples.</summary>
    public abstract IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request);

    /// <summary>Writes it into a card.</summary>
    public abstract void Write(CardEntries entries);

    /// <summary>Reads it from a card.</summary>
    /// <exception cref="CommandException">An entry is missing or makes no sense.</exception>
    public static ModelInput Read(CardEntries entries, IReadOnlyList<string> classes)
    {
        const string kind = "input";
        return Enum.TryParse<InputKind>(entries[kind], ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value switch
            {
                InputKind.Pictures => PictureInput.FromCard(entries),
                InputKind.Names => NameInput.FromCard(entries),
                InputKind.Sentences => SentenceInput.FromCard(entries, classes),
                InputKind.Table => TableInput.FromCard(entries),
                InputKind.Documents => DocumentInput.FromCard(entries),
                _ => TextInput.FromCard(entries, classes),
            }
            : throw entries.Wrong(kind, string.Join(", ", Enum.GetNames<InputKind>()));
    }

    /// <summary>Writes the kind; what overrides <see cref="Write"/> adds to it.</summary>
    protected void WriteKind(CardEntries entries) => entries["input"] = Kind.ToString();

    /// <summary>The likeliest classes of logits [1, C].</summary>
    protected static IReadOnlyList<ClassProbability> Likeliest(Tensor logits, IReadOnlyList<string> classes, int count) =>
        [.. logits.To(DType.Float64).Softmax(1).ToArray<double>()
            .Select((probability, c) => new ClassProbability(classes[c], probability))
            .OrderByDescending(c => c.Probability)
            .Take(count)];
}
