using System.Globalization;

namespace Cresset.Vision;

/// <summary>A point of a pen stroke; at a corner the curve changes direction sharply, elsewhere it is smooth.</summary>
internal readonly record struct PenPoint(double X, double Y, bool IsCorner);

/// <summary>
/// How people write the ten digits: for each digit several styles, for each style the pen strokes. A stroke is a list
/// of points "x,y" in a box 60 wide and 100 high, y downwards, that a smooth curve passes through; "!" marks a corner.
/// </summary>
internal static class DigitStyles
{
    private static readonly string[][][] s_text =
    [
        [ // 0
            ["32,2 13,14 3,44 8,80 28,98 50,84 58,46 50,14 30,3"],
            ["42,5 20,4 6,26 4,62 20,95 42,93 56,66 54,28 40,7 24,9"],
            ["20,4 8,30 8,70 28,98 50,80 54,40 44,10 22,3"],
        ],
        [ // 1
            ["30,0 31,50 30,100"],
            ["18,20 34,2! 34,50 33,100"],
            ["17,21 32,2! 32,50 32,98", "10,98 56,97"],
        ],
        [ // 2
            ["6,22 14,6 34,1 52,14 50,38 30,66 4,97! 30,96 60,97"],
            ["6,24 16,5 36,1 52,16 48,42 28,74 12,93 3,88 10,78 24,83 40,96 60,90"],
            ["8,16 28,2 50,10 46,36 6,98! 58,97"],
            ["4,10 30,3 52,16 36,52 5,94! 34,90 58,99"],
        ],
        [ // 3
            ["6,12 26,1 48,10 46,34 22,46! 48,54 56,76 40,96 16,98 2,85"],
            ["6,4 52,4! 24,42! 46,48 56,70 44,94 20,99 2,88"],
            ["8,15 26,1 46,10 44,34 28,46 20,49 28,51 50,60 53,82 34,98 6,94"],
        ],
        [ // 4
            ["14,4 6,58! 58,56", "42,22 41,60 40,100"],
            ["44,2 4,66! 60,65", "44,2 44,50 44,100"],
            ["8,4 6,36 16,52 34,50 50,38", "50,2 48,50 44,100"],
            ["40,4 6,60! 56,58", "38,36 37,70 36,98"],
        ],
        [ // 5
            ["52,3 12,3! 10,42! 34,36 54,54 54,78 36,98 4,92"],
            ["12,5 9,44! 32,38 54,52 54,80 34,98 4,90", "12,4 34,4 56,2"],
            ["52,4 28,4 12,18 16,38 40,47 56,64 48,90 24,99 4,90"],
        ],
        [ // 6
            ["46,2 22,22 6,56 10,88 30,99 50,88 52,66 34,54 14,66 9,78"],
            ["36,0 12,46 6,76 18,97 42,96 54,78 44,60 24,61 9,78"],
            ["52,6 28,10 8,44 5,78 26,99 52,90 54,64 30,56 8,72"],
        ],
        [ // 7
            ["4,6 56,6! 40,46 24,100"],
            ["4,6 56,6! 40,46 24,100", "16,50 52,49"],
            ["4,22 7,5! 56,5! 38,44 28,100"],
            ["3,10 28,9 56,4! 34,48 29,100"],
        ],
        [ // 8
            ["48,16 30,1 10,12 14,34 34,48 54,66 52,90 30,99 8,90 6,70 24,50 46,34 50,16 34,2"],
            ["30,1 12,10 10,32 30,46 50,32 48,10 30,1", "30,46 6,60 4,86 30,99 56,86 54,60 30,46"],
            ["50,8 26,3 8,20 28,46 52,72 42,98 14,96 6,74 30,46 52,18 48,6"],
        ],
        [ // 9
            ["50,18 32,2 10,14 8,38 26,50 46,38 52,14! 51,50 46,100"],
            ["50,20 34,2 12,12 8,36 24,50 44,40 52,16! 55,60 42,92 16,98"],
            ["48,12 28,2 8,20 12,44 32,49 48,30 51,10! 46,56 34,100"],
        ],
    ];

    private static readonly PenPoint[][][][] s_styles = Parse();

    /// <summary>The styles of a digit: style by style, stroke by stroke, point by point.</summary>
    public static PenPoint[][][] Of(int digit) => s_styles[digit];

    private static PenPoint[][][][] Parse() =>
        [.. s_text.Select(styles => styles.Select(strokes => strokes.Select(ParseStroke).ToArray()).ToArray())];

    private static PenPoint[] ParseStroke(string text)
    {
        return [.. text.Split(' ').Select(point =>
        {
            bool corner = point.EndsWith('!');
            string[] xy = point.TrimEnd('!').Split(',');
            int x = int.Parse(xy[0], CultureInfo.InvariantCulture), y = int.Parse(xy[1], CultureInfo.InvariantCulture);
            return new PenPoint(x, y, corner);
        })];
    }
}
