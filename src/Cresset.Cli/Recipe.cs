using Cresset.Cli.Inputs;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>How a model is trained on a data set unless the options say otherwise.</summary>
sealed record Recipe(
    int Epochs, int BatchSize, string Optimizer, double Rate, double Momentum = 0, double? WeightDecay = 0, string Schedule = Schedules.None, string Augment = Augmentations.None,
    double? ClipNorm = null)
{
    static readonly Recipe
        Quick = new(8, 64, "adam", 0.001),
        // The notes' own settings.
        Notes = new(10, 64, "sgd", 0.01, Momentum: 0.5),
        Digits = new(10, 128, "adam", 0.001, Schedule: Schedules.Cosine),
        // He et al. (2015), section 4.2, with a cosine in place of the steps.
        Residual = new(30, 128, "sgd", 0.1, Momentum: 0.9, WeightDecay: 1e-4, Schedule: Schedules.Cosine, Augment: Augmentations.CropFlip),
        Colours = new(20, 128, "adam", 0.001, Schedule: Schedules.Cosine),
        FewNames = new(25, 32, "adam", 0.005, Schedule: Schedules.Cosine),
        Names = new(8, 64, "adam", 0.002, Schedule: Schedules.Cosine),
        // AdamW's own weight decay.
        Sentences = new(20, 32, "adamw", 0.004, WeightDecay: null, Schedule: Schedules.OneCycle, ClipNorm: 1),
        Rows = new(30, 32, "adam", 0.002, Schedule: Schedules.Cosine),
        Documents = new(10, 32, "adam", 0.001, Schedule: Schedules.Cosine),
        Text = new(4, 32, "adamw", 0.002, WeightDecay: null, Schedule: Schedules.OneCycle, ClipNorm: 1);

    /// <summary>The recipe of a pair; of a folder or file, that of its kind.</summary>
    public static Recipe For(string model, string data) => (data, model) switch
    {
        ("mnist" or "fashion-mnist", "linear" or "mlp" or "cnn" or "inception" or "residual") => Notes,
        ("mnist" or "fashion-mnist", _) => Digits,
        ("cifar10", "resnet20" or "resnet56") => Residual,
        ("cifar10", "resnet18" or "resnet34") => Residual with { WeightDecay = 5e-4 },
        ("cifar10", "googlenet") => Residual with { Rate = 0.05, WeightDecay = 5e-4 },
        ("cifar10", "linear" or "mlp") => Colours,
        ("cifar10", _) => Colours with { Augment = Augmentations.CropFlip },
        ("common-names", _) => FewNames,
        (_, "gru") => Names,
        ("grammar", _) => Sentences with { Epochs = 10 },
        (_, "tagger") => Sentences,
        (_, "table" or "table-linear") => Rows,
        (_, "text-cnn" or "text-bag") => Documents,
        (_, "char-transformer" or "char-gru" or "char-lstm") => Text,
        _ => Quick,
    };

    /// <summary>The settings with what was not given filled in.</summary>
    public TrainSettings Fill(TrainSettings settings)
    {
        // Rates belong to the optimizer: those of another one are its own defaults.
        bool same = settings.Optimizer is null || settings.Optimizer.Equals(Optimizer, StringComparison.OrdinalIgnoreCase);
        return settings with
        {
            Epochs = settings.Epochs ?? Epochs,
            BatchSize = settings.BatchSize ?? BatchSize,
            Optimizer = settings.Optimizer ?? Optimizer,
            LearningRate = settings.LearningRate ?? (same ? Rate : null),
            Momentum = settings.Momentum ?? (same ? Momentum : null),
            WeightDecay = settings.WeightDecay ?? (same ? WeightDecay : null),
            Schedule = settings.Schedule ?? Schedule,
            Augment = settings.Augment ?? Augment,
            ClipNorm = settings.ClipNorm ?? ClipNorm,
        };
    }
}

/// <summary>Random changes of the training pictures, by name.</summary>
sealed record AugmentationChoice(string Name, Func<PictureShape, ITransform?> Create);

/// <summary>The changes that `--augment` knows.</summary>
static class Augmentations
{
    public const string None = "none", CropFlip = "crop-flip";

    const int Padding = 4;

    public static readonly IReadOnlyList<AugmentationChoice> All =
    [
        new(None, _ => null),
        new("crop", Crop),
        new("flip", _ => new RandomHorizontalFlip()),
        new(CropFlip, shape => new Compose(Crop(shape), new RandomHorizontalFlip())),
    ];

    public static string Names => string.Join(", ", All.Select(a => a.Name));

    static RandomCrop Crop(PictureShape shape) => new(shape.Height, shape.Width, Padding);
}
