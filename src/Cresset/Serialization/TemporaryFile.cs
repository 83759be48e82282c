namespace Cresset.Serialization;

// Writes a file that is never half-written: under a temporary name beside it first, which then takes its place.
static class TemporaryFile
{
    internal static void Write(string path, Action<FileStream> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            // What .NET makes of a limit on the size of files (EFBIG) names no file.
            if (e is ArgumentOutOfRangeException) throw new IOException($"{path}: expected room for a file of this size, got the system's limit on the size of files ({e.Message})", e);
            throw;
        }
    }
}
