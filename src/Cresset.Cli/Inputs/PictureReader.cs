using Cresset.Vision;

namespace Cresset.Cli.Inputs;

/// <summary>Reads a picture file as a model wants it: in its shape, and where it is grey with ink and ground as in training.</summary>
static class PictureReader
{
    /// <summary>Pictures whose border is darker than this lie on a dark ground, brighter than 1 - this on a bright one.</summary>
    const double Dark = 0.4;

    /// <summary>Reads one picture.</summary>
    /// <param name="path">The file.</param>
    /// <param name="invert">Whether to swap dark and bright.</param>
    /// <param name="input">The shape of the pictures that the model learned from, and their mean border brightness.</param>
    /// <returns>The picture, and whether dark and bright were swapped.</returns>
    public static (ImagePixels Picture, bool Inverted) Read(string path, Invert invert, PictureInput input)
    {
        if (Directory.Exists(path)) throw new CommandException($"{path}: expected a picture file, got a folder.");
        if (!File.Exists(path)) throw new CommandException($"{path}: there is no such file.");
        var picture = ImageFile.Read(path, input.Shape.Channels == 1 ? ImageColor.Grey : ImageColor.Rgb, (input.Shape.Height, input.Shape.Width));
        double trainedBorder = input.Border;
        double border = PictureInput.BorderOf(picture.Pixels, picture.Height, picture.Width);
        bool swap = invert switch
        {
            Invert.Yes => true,
            Invert.No => false,
            // Colours say more than ink and ground.
            _ when input.Shape.Channels > 1 => false,
            _ => trainedBorder < Dark ? border > 1 - Dark : trainedBorder > 1 - Dark && border < Dark,
        };
        if (!swap) return (picture, false);
        byte[] swapped = Array.ConvertAll(picture.Pixels, pixel => (byte)(255 - pixel));
        return (new ImagePixels(swapped, picture.Channels, picture.Height, picture.Width), true);
    }
}
