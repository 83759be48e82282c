using System.IO.Compression;

namespace Cresset.Serialization;

// The records of a zip file as torch.save writes it: stored, below one folder of any name.
sealed class TorchZip : IDisposable
{
    readonly ZipArchive zip;
    readonly Dictionary<string, ZipArchiveEntry> records = [];
    readonly Func<string, FormatException> wrong;
    readonly string folder;

    TorchZip(Stream file, Func<string, FormatException> wrong)
    {
        this.wrong = wrong;
        zip = Guarded(() => new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true), "its list of records");
        foreach (var entry in Guarded(() => zip.Entries, "its list of records"))
            if (!records.TryAdd(entry.FullName, entry)) throw wrong($"two of its records are named {entry.FullName}");
        var pickle = records.Keys.Where(name => name.Split('/') is [_, "data.pkl"]).ToArray();
        if (pickle.Length != 1) throw wrong($"it is a zip file with {pickle.Length} records named FOLDER/data.pkl, expected one");
        folder = pickle[0][..^"data.pkl".Length];
    }

    internal static TorchZip Open(Stream file, Func<string, FormatException> wrong) => new(file, wrong);

    public void Dispose() => zip.Dispose();

    internal ZipArchiveEntry? Find(string name) => records.GetValueOrDefault(folder + name);

    /// <summary>Lets a record's bytes be read by a function that also gives their checksum, which must be the file's.</summary>
    internal T Read<T>(ZipArchiveEntry record, Func<Stream, (T Value, uint Checksum)> read)
    {
        // What unpacks to more than it takes may unpack to anything; torch.save compresses nothing.
        if (record.Length != record.CompressedLength || record.IsEncrypted) throw wrong($"{record.FullName} is compressed or encrypted, expected it stored, as torch.save writes it");
        return Guarded(() =>
        {
            using var stream = record.Open();
            var (value, checksum) = read(stream);
            return checksum == record.Crc32 ? value : throw wrong($"{record.FullName} has the checksum {checksum:x8}, expected {record.Crc32:x8}; the file is damaged");
        }, record.FullName);
    }

    /// <summary>All bytes of a record.</summary>
    internal byte[] ReadAll(ZipArchiveEntry record, int most)
    {
        if (record.Length > most) throw wrong($"{record.FullName} has {record.Length} bytes, expected at most {most}");
        return Read(record, stream =>
        {
            var bytes = new byte[record.Length];
            stream.ReadExactly(bytes);
            return (bytes, Crc32.Append(0, bytes));
        });
    }

    // What the zip reader of .NET throws at damaged files.
    T Guarded<T>(Func<T> action, string part)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ArgumentException or OverflowException or NotSupportedException)
        {
            throw wrong($"{part} cannot be read: {error.Message}");
        }
    }
}
