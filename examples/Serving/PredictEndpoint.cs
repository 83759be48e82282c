using System.Buffers;
using System.Globalization;
using Cresset.Vision;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using SkiaSharp;

namespace Cresset.Examples.Serving;

/// <summary>A class with its probability.</summary>
sealed record ClassProbability(string Class, float Probability);

/// <summary>The likeliest classes of a picture, the likeliest first.</summary>
sealed record PredictResponse(IReadOnlyList<ClassProbability> Classes);

/// <summary>POST /predict?top=N: the body is a picture file.</summary>
static class PredictEndpoint
{
    const int DefaultTop = 3;
    const int RetrySeconds = 1;

    public static async Task<Results<Ok<PredictResponse>, ProblemHttpResult>> HandleAsync(HttpContext context, PictureClassifier classifier,
        Batcher<ImagePixels, float[]> batcher, IOptions<ModelOptions> options)
    {
        var cancellation = context.RequestAborted;
        string? asked = context.Request.Query["top"];
        var top = DefaultTop;
        if (asked is not null && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out top) && top >= 1))
            return Problem(StatusCodes.Status400BadRequest, $"top: expected a whole number from 1 on, got '{asked}'.");

        var most = options.Value.MaxRequestBytes;
        if (await ReadAsync(context.Request, most, cancellation) is not { } body)
            return Problem(StatusCodes.Status413PayloadTooLarge, $"Expected a picture file of at most {most} bytes, got a longer one.");
        ImagePixels picture;
        try
        {
            picture = Decode(body, classifier, options.Value.MaxPixels);
        }
        catch (InvalidDataException error)
        {
            return Problem(StatusCodes.Status400BadRequest, error.Message);
        }
        try
        {
            var probabilities = await batcher.PredictAsync(picture, cancellation);
            return TypedResults.Ok(new PredictResponse([.. probabilities.Index().OrderByDescending(entry => entry.Item).Take(top)
                .Select(entry => new ClassProbability(classifier.Classes[entry.Index], entry.Item))]));
        }
        catch (BusyException busy)
        {
            context.Response.Headers.RetryAfter = RetrySeconds.ToString(CultureInfo.InvariantCulture);
            return Problem(StatusCodes.Status503ServiceUnavailable, $"No room for the request: {busy.Message}. Try again in {RetrySeconds} s.");
        }
    }

    static ProblemHttpResult Problem(int status, string detail) => TypedResults.Problem(detail, statusCode: status);

    // The whole body; null where it is longer than allowed, of which no more than one byte too many is read.
    static async Task<byte[]?> ReadAsync(HttpRequest request, int most, CancellationToken cancellation)
    {
        if (request.ContentLength > most) return null;
        var read = await request.BodyReader.ReadAtLeastAsync(most + 1, cancellation);
        var body = read.Buffer.Length > most ? null : read.Buffer.ToArray();
        request.BodyReader.AdvanceTo(read.Buffer.End);
        return body;
    }

    static ImagePixels Decode(byte[] body, PictureClassifier classifier, int mostPixels)
    {
        const string name = "The body";
        using (var data = SKData.CreateCopy(body))
        using (var codec = body.Length == 0 ? null : SKCodec.Create(data))
        {
            if (codec is not null && (long)codec.Info.Width * codec.Info.Height > mostPixels)
                throw new InvalidDataException($"{name}: expected a picture of at most {mostPixels} pixels, got {codec.Info.Width}x{codec.Info.Height}.");
        }
        return ImageFile.Decode(body, name, classifier.Channels == 1 ? ImageColor.Grey : ImageColor.Rgb, (classifier.Height, classifier.Width));
    }
}
