using System.Text;
using Cresset.Data;

namespace Cresset.Text;

// The lines of a UTF-8 file with their numbers; nothing of the file is trusted.
static class TextLines
{
    const long LargestFile = 1 << 30;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static byte[] Bytes(string path, string dataset)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileInfo(path);
        if (!file.Exists) throw new FileNotFoundException($"{dataset}: expected a file {path}, got none; put it there, or name the folder above by the variable CRESSET_DATA", path);
        if (file.Length > LargestFile) throw new InvalidDataException($"{path}: expected at most {LargestFile} bytes, got {file.Length}");
        var bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
    }

    internal static InvalidDataException Fault(string path, int line, string what) => new($"{path}, line {line}: {what}");

    /// <summary>Each line without its end; the empty one behind the last line end is none.</summary>
    internal static IEnumerable<(int Number, string Text)> Read(string path, string dataset)
    {
        var bytes = Bytes(path, dataset);
        for (int start = 0, number = 1; start < bytes.Length; number++)
        {
            var length = bytes.AsSpan(start).IndexOf((byte)'\n');
            var end = length < 0 ? bytes.Length : start + length;
            var text = Decode(path, number, bytes.AsSpan(start, end - start));
            yield return (number, text.EndsWith('\r') ? text[..^1] : text);
            start = end + 1;
        }
    }

    internal static string Decode(string path, int number, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Fault(path, number, "expected UTF-8, got bytes that are none");
        }
    }
}

/// <summary>Plain texts for character models. The data set <c>tinyshakespeare</c> is a folder with one file,
/// <c>input.txt</c>.</summary>
public static class PlainText
{
    /// <summary>The data set <c>tinyshakespeare</c> of Karpathy's char-rnn (2015): 1.1 million characters in one file,
    /// input.txt.</summary>
    public static DatasetDefinition TinyShakespeare { get; } = new(
        "tinyshakespeare",
        [new DatasetFile("input.txt", 1115394, Sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")],
        [new Uri("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/")]);

    /// <summary>A UTF-8 file's text, with line ends as \n.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is empty or no UTF-8; the message names the line.</exception>
    public static string Read(string path)
    {
        var text = string.Join('\n', TextLines.Read(path, "Text").Select(line => line.Text));
        return text.Length > 0 ? text + "\n" : throw new InvalidDataException($"{path}: expected a text, got an empty file");
    }
}
