using System.Globalization;
using Cresset.Examples;
using Cresset.Vision;
using StbImageSharp;

// classify MODEL PICTURE...: the likeliest classes of each picture, by a network that `cresset train` saved.
const int shown = 3;
// A header may claim any size: more pixels than this are refused before memory is taken for them.
const int mostPixels = 100_000_000;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: classify MODEL PICTURE...   (MODEL: a run folder of `cresset train` or its model.safetensors; PICTURE: PNG, JPEG, BMP or GIF)");
    return 2;
}
try
{
    var classifier = PictureClassifier.Load(args[0]);
    foreach (var path in args[1..])
    {
        var probabilities = classifier.Classify([Read(path, classifier.Channels)])[0];
        Console.WriteLine(path);
        foreach (var (c, p) in probabilities.Index().OrderByDescending(entry => entry.Item).Take(shown))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {100 * p,6:F2}%  {classifier.Classes[c]}"));
    }
    return 0;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException or InvalidDataException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

static ImagePixels Read(string path, int channels)
{
    using var file = File.OpenRead(path);
    ImageResult picture;
    try
    {
        var info = ImageInfo.FromStream(file) ?? throw new InvalidDataException($"{path}: expected a picture (PNG, JPEG, BMP or GIF), got something else");
        if (info.Width <= 0 || info.Height <= 0 || (long)info.Width * info.Height > mostPixels)
            throw new InvalidDataException($"{path}: expected a picture of at most {mostPixels} pixels, got {info.Width}x{info.Height}");
        file.Position = 0;
        picture = ImageResult.FromStream(file, ColorComponents.RedGreenBlue);
    }
    catch (Exception error) when (error is not (IOException or InvalidDataException))
    {
        throw new InvalidDataException($"{path}: expected a whole picture (PNG, JPEG, BMP or GIF), got a damaged one: {error.Message}");
    }
    var plane = picture.Width * picture.Height;
    var pixels = new byte[channels * plane];
    for (var i = 0; i < plane; i++)
    {
        var (r, g, b) = (picture.Data[3 * i], picture.Data[3 * i + 1], picture.Data[3 * i + 2]);
        // Grey as Cresset.Vision computes it: 0.299, 0.587 and 0.114 in 16-bit fixed point, rounded.
        if (channels == 1) pixels[i] = (byte)((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
        else (pixels[i], pixels[plane + i], pixels[2 * plane + i]) = (r, g, b);
    }
    return new ImagePixels(pixels, channels, picture.Height, picture.Width);
}
