"""Writes tests/Cresset.Vision.Tests/Images/PictureReference.cs: small picture files made by PIL, and what PIL itself reads from
them. Run from the repository's root with a Python that has numpy and PIL (made with PIL 9.4)."""
import base64
import io

import numpy as np
from PIL import Image

rng = np.random.default_rng(7)
rows, columns = np.mgrid[0:11, 0:13]
smooth = np.stack([rows * 20 + columns, 255 - columns * 15, (rows * columns) % 251], -1).astype(np.uint8)
noise = rng.integers(0, 256, (11, 13, 3), dtype=np.uint8)
alpha = rng.integers(0, 256, (11, 13, 1), dtype=np.uint8)


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


files = {
    "PngRgb": encode(Image.fromarray(noise), "PNG"),
    "PngGrey": encode(Image.fromarray(noise[:, :, 0]), "PNG"),
    "PngRgba": encode(Image.fromarray(np.concatenate([noise, alpha], -1)), "PNG"),
    "PngPalette": encode(Image.fromarray(smooth).quantize(16), "PNG"),
    "PngOneBit": encode(Image.fromarray(noise[:, :, 0]).convert("1"), "PNG"),
    "Bmp": encode(Image.fromarray(noise), "BMP"),
    "Gif": encode(Image.fromarray(smooth).quantize(16), "GIF"),
    "WebpLossless": encode(Image.fromarray(noise), "WEBP", lossless=True),
    "JpegFull": encode(Image.fromarray(smooth), "JPEG", quality=90, subsampling=0),
    "JpegHalf": encode(Image.fromarray(smooth), "JPEG", quality=75),
    "JpegGrey": encode(Image.fromarray(smooth[:, :, 0]), "JPEG", quality=90),
}


def text(data):
    return base64.b64encode(bytes(data)).decode()


def planes(image):
    return np.asarray(image).transpose(2, 0, 1).tobytes()


out = []
for name, data in files.items():
    image = Image.open(io.BytesIO(data))
    rgb, grey = image.convert("RGB"), image.convert("L")
    out.append(f'        ["{name}"] = new(\n            "{text(data)}",\n            "{text(planes(rgb))}",\n            "{text(grey.tobytes())}"),')
sizes = []
for height, width in [(5, 6), (23, 29), (11, 4), (3, 13), (1, 1), (28, 9)]:
    image = Image.fromarray(noise).resize((width, height), Image.BILINEAR)
    sizes.append(f'        [({height}, {width})] = "{text(planes(image))}",')

with open("tests/Cresset.Vision.Tests/Images/PictureReference.cs", "w") as f:
    f.write("""namespace Cresset.Vision.Tests;

/// <summary>Picture files of 11x13 made by PIL, and what PIL reads from them; written by tests/reference/vision_pictures.py.</summary>
internal static class PictureReference
{
    internal sealed record Picture(string File, string Rgb, string Grey);

    public static readonly Dictionary<string, Picture> Pictures = new()
    {
""" + "\n".join(out) + """
    };

    /// <summary>PngRgb resized by PIL's BILINEAR, by height and width: planes of red, green and blue.</summary>
    public static readonly Dictionary<(int Height, int Width), string> Resized = new()
    {
""" + "\n".join(sizes) + """
    };
}
""")
