namespace Cresset.Serialization;

// The checksum of zip files (ISO 3309, polynomial 0xEDB88320 reflected), eight bytes at a time by tables.
static class Crc32
{
    const int Slices = 8;
    static readonly uint[][] Tables = CreateTables();

    static uint[][] CreateTables()
    {
        var tables = new uint[Slices][];
        for (var slice = 0; slice < Slices; slice++)
        {
            tables[slice] = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                var value = slice == 0 ? i : tables[slice - 1][i];
                for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
                tables[slice][i] = value;
            }
        }
        return tables;
    }

    /// <summary>The checksum of what had <paramref name="crc"/>, followed by these bytes; 0 for nothing.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        while (bytes.Length >= Slices)
        {
            crc = Tables[7][(byte)(crc ^ bytes[0])] ^ Tables[6][(byte)((crc >> 8) ^ bytes[1])]
                ^ Tables[5][(byte)((crc >> 16) ^ bytes[2])] ^ Tables[4][(byte)((crc >> 24) ^ bytes[3])]
                ^ Tables[3][bytes[4]] ^ Tables[2][bytes[5]] ^ Tables[1][bytes[6]] ^ Tables[0][bytes[7]];
            bytes = bytes[Slices..];
        }
        foreach (var value in bytes) crc = Tables[0][(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }
}
