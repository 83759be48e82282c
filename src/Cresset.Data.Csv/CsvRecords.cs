using System.Text;
using Sylvan.Data.Csv;

namespace Cresset.Data;

// The records of a file, one after another, with the line on which each starts. All records have as many fields as the
// first; what is wrong with the file is told with path and line.
sealed class CsvRecords : IDisposable
{
    const int MaxRecord = 1 << 24;

    readonly string path;
    readonly StreamReader text;
    readonly CsvDataReader reader;
    int nextLine = 1;

    internal CsvRecords(string path, CsvOptions options)
    {
        this.path = path;
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            if (file.Length > options.MaxBytes)
                throw new InvalidDataException($"{path}: expected at most {options.MaxBytes} bytes, the file has {file.Length}; raise CsvOptions.MaxBytes if it is meant to be read whole");
            RefuseBinary(file);
            text = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
            // The header is read as a record like any other. A '\0' never occurs in a text: comments are off.
            var settings = new CsvDataReaderOptions
            {
                HasHeaders = false,
                Delimiter = options.Delimiter,
                Comment = '\0',
                BufferSize = 1 << 16,
                MaxBufferSize = MaxRecord,
                OwnsReader = true,
            };
            reader = Guard(() => CsvDataReader.Create(text, settings));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The line on which the record starts, from 1.</summary>
    internal int Line { get; private set; }

    /// <summary>The number of fields.</summary>
    internal int FieldCount => reader.FieldCount;

    internal string Field(int column) => Guard(() => reader.GetString(column)).Trim();

    /// <summary>The next record, if there is one; blank lines are passed over.</summary>
    internal bool Read()
    {
        while (Guard(reader.Read))
        {
            Line = nextLine;
            var raw = reader.GetRawRecordSpan();
            nextLine += 1 + raw.TrimEnd("\r\n").Count('\n');
            if (raw.Trim().IsEmpty && FieldCount > 0) continue;
            if (reader.RowFieldCount != FieldCount)
                throw new InvalidDataException($"{path}, line {Line}: expected {FieldCount} fields as on the first line, got {reader.RowFieldCount}; is the file cut off, a delimiter or a quote missing, or the delimiter another one?");
            return true;
        }
        return false;
    }

    T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (CsvRecordTooLargeException e)
        {
            throw new InvalidDataException($"{path}, line {nextLine}: expected records of at most {MaxRecord} characters, got a longer one; is a closing quote missing?", e);
        }
        catch (CsvFormatException e)
        {
            throw new InvalidDataException($"{path}, line {nextLine}: expected comma-separated values, got text that cannot be cut into fields ({e.Message.TrimEnd('.')}); is a quote missing or the file cut off?", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}, line {nextLine} or later: expected text in UTF-8, got bytes that are not; convert the file first", e);
        }
    }

    // Text has no zero bytes; archives, pictures, spreadsheets and UTF-16 have them near the start.
    void RefuseBinary(FileStream file)
    {
        Span<byte> start = stackalloc byte[4096];
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        var zero = start[..length].IndexOf((byte)0);
        if (zero >= 0)
            throw new InvalidDataException($"{path}: expected a text file, got a zero byte at offset {zero}: a binary file, or text in UTF-16, which is to be converted to UTF-8 first");
        file.Position = 0;
    }

    public void Dispose() => reader.Dispose();
}
