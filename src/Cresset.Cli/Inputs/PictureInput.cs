using System.Globalization;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Vision;

namespace Cresset.Cli.Inputs;

/// <summary>Pictures of one shape, normalised.</summary>
/// <param name="Shape">The shape.</param>
/// <param name="Mean">Taken off every pixel, of 0 to 1: one number for each channel.</param>
/// <param name="Deviation">What every pixel is divided by then, likewise.</param>
/// <param name="Border">Mean brightness, 0 to 1, of the training pictures' outermost pixels: near 0 where they are bright ink
/// on a dark ground.</param>
sealed record PictureInput(PictureShape Shape, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation, double Border) : ModelInput
{
    public override InputKind Kind => InputKind.Pictures;

    public override string Unit => "pictures";

    public override IReadOnlyList<string> PredictOptions => ["--invert", "--top"];

    /// <summary>The transform of uint8 pictures to what the model takes.</summary>
    public ITransform Transform => new Compose(new ToTensor(), new Normalize([.. Mean], [.. Deviation]));

    public override Tensor Example() => Tensor.Zeros([1, Shape.Channels, Shape.Height, Shape.Width]);

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        var (picture, inverted) = PictureReader.Read(argument, request.Invert ?? Invert.Auto, this);
        var logits = network.Forward(Transform.Apply(picture.ToTensor()).Unsqueeze(0));
        return [new Prediction(argument) { Inverted = inverted, Classes = Likeliest(logits, classes, request.Top ?? PredictCommand.DefaultTop) }];
    }

    public override void Write(CardEntries entries)
    {
        WriteKind(entries);
        entries["shape"] = Shape.ToString();
        entries["mean"] = CardEntries.Join(Mean);
        entries["std"] = CardEntries.Join(Deviation);
        entries["border"] = CardEntries.Join([Border]);
    }

    public static PictureInput FromCard(CardEntries entries)
    {
        var shape = PictureShape.Parse(entries["shape"]) ?? throw entries.Wrong("shape", "a shape such as 1x28x28");
        double[] mean = entries.Numbers("mean"), deviation = entries.Numbers("std");
        if (mean.Length != shape.Channels) throw entries.Wrong("mean", "a number for each channel");
        if (deviation.Length != shape.Channels || deviation.Any(d => d <= 0)) throw entries.Wrong("std", "a number above 0 for each channel");
        return new PictureInput(shape, mean, deviation, entries.Numbers("border") is [var border] ? border : throw entries.Wrong("border", "a number"));
    }

    /// <summary>Measures the pictures that a model is to be trained on.</summary>
    /// <param name="images">The training pictures.</param>
    /// <param name="normalisation">Mean and deviation of each channel in use for this data set; null to compute them.</param>
    public static PictureInput Of(LabelledImages images, (IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)? normalisation)
    {
        var shape = PictureShape.Of(images);
        double border = 0;
        for (int i = 0; i < images.Count; i++) border += BorderOf(images[i], images.Height, images.Width) / images.Count;
        if (normalisation is var (m, d)) return new PictureInput(shape, m, d, border);
        int plane = images.Height * images.Width;
        double[] means = new double[images.Channels], deviations = new double[images.Channels];
        for (int channel = 0; channel < images.Channels; channel++)
        {
            var counts = new long[256];
            for (int i = 0; i < images.Count; i++)
                foreach (byte pixel in images[i].Slice(channel * plane, plane)) counts[pixel]++;
            double total = (double)images.Count * plane, mean = 0, square = 0;
            for (int value = 0; value < 256; value++) mean += counts[value] * (value / 255.0) / total;
            for (int value = 0; value < 256; value++) square += counts[value] * Math.Pow(value / 255.0 - mean, 2) / total;
            means[channel] = mean;
            // Pictures of one single colour have no deviation to divide by.
            deviations[channel] = square > 0 ? Math.Sqrt(square) : 1;
        }
        return new PictureInput(shape, means, deviations, border);
    }

    /// <summary>Mean brightness, 0 to 1, of the outermost pixels of one picture, over all its channels.</summary>
    public static double BorderOf(ReadOnlySpan<byte> pixels, int height, int width)
    {
        long sum = 0;
        int count = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            int y = i / width % height, x = i % width;
            if (y != 0 && y != height - 1 && x != 0 && x != width - 1) continue;
            sum += pixels[i];
            count++;
        }
        return sum / (255.0 * count);
    }
}

/// <summary>Pictures with classes.</summary>
/// <param name="Images">The pictures.</param>
/// <param name="Normalisation">Mean and deviation of each channel in use for the data set; null to compute them.</param>
sealed record PictureSamples(LabelledImages Images, (IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)? Normalisation = null) : SeparateSamples
{
    public override IReadOnlyList<string> Classes => Images.Classes;

    public override int Count => Images.Count;

    public override string Noun => "pictures";

    public override ModelInput Measure() => PictureInput.Of(Images, Normalisation);

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var pictures = (PictureInput)input;
        if (PictureShape.Of(Images) != pictures.Shape)
            throw new CommandException($"--data: expected pictures of {pictures.Shape}, which the model learned from, got {PictureShape.Of(Images)}.");
        RequireClasses(classes);
        return training is null
            ? new DataLoader(Images.ToDataset(pictures.Transform), batchSize)
            : new DataLoader(Images.ToDataset(pictures.Transform, training.Augmentation.Create(pictures.Shape)), batchSize, shuffle: true, seed: training.Seed, workers: training.Workers);
    }

    public override ShownSample Show(long index) => new(Images.Names?[(int)index] ?? FormattableString.Invariant($"picture {index + 1}"),
        ImageFile.EncodePng(new ImagePixels(Images[(int)index].ToArray(), Images.Channels, Images.Height, Images.Width)));

    public override PictureSamples Pick(int[] indices)
    {
        int size = Images.Channels * Images.Height * Images.Width;
        var pixels = new byte[indices.Length * size];
        for (int i = 0; i < indices.Length; i++) Images[indices[i]].CopyTo(pixels.AsSpan(i * size));
        return this with
        {
            Images = new LabelledImages(pixels, [.. indices.Select(i => Images.Labels[i])], Images.Channels, Images.Height, Images.Width, Images.Classes,
                Images.Names is { } names ? [.. indices.Select(i => names[i])] : null),
        };
    }

    protected override void WriteSamples(BinaryWriter writer)
    {
        writer.Write(PictureShape.Of(Images).ToString());
        foreach (var label in Images.Labels) writer.Write(label);
        writer.Write(Images.Pixels);
    }
}

/// <summary>The shape of pictures: channels, height, width.</summary>
readonly record struct PictureShape(int Channels, int Height, int Width)
{
    public static readonly PictureShape Grey28 = new(1, 28, 28), Colour32 = new(3, 32, 32);

    public int Pixels => Channels * Height * Width;

    public static PictureShape Of(LabelledImages images) => new(images.Channels, images.Height, images.Width);

    /// <summary>A shape as it is written; null where the text is none, or one of more than 2^24 pixels.</summary>
    public static PictureShape? Parse(string text)
    {
        const long most = 1 << 24;
        int[] sizes = [.. text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0)];
        return sizes is [1 or 3, > 0, > 0] && (long)sizes[1] * sizes[2] <= most / sizes[0] ? new PictureShape(sizes[0], sizes[1], sizes[2]) : null;
    }

    public override string ToString() => $"{Channels}x{Height}x{Width}";
}
