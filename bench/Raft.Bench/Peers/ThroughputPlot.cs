using System.Globalization;
using System.Text;

namespace Raft.Bench.Peers;

/// <summary>Draws commands a second over callers or nodes, both axes logarithmic, one line a contender, as SVG.</summary>
internal sealed class ThroughputPlot
{
    private const int Width = 860;
    private const int Height = 440;
    private const int Left = 70;
    private const int Right = 190;
    private const int Top = 40;
    private const int Bottom = 50;

    private static readonly string[] Colors = ["#1f77b4", "#2ca02c", "#17becf", "#d62728", "#ff7f0e", "#9467bd", "#8c564b"];

    private readonly List<Point> _points = [];

    /// <summary>Notes one figure.</summary>
    /// <param name="contender">Whose.</param>
    /// <param name="count">With how many callers, or nodes.</param>
    /// <param name="perSecond">Commands a second.</param>
    public void Add(string contender, int count, double perSecond) => _points.Add(new Point(contender, count, perSecond));

    /// <summary>Writes the drawing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">What stands above it.</param>
    /// <param name="counted">What is counted from left to right.</param>
    public void Write(string path, string title, string counted)
    {
        int[] counts = [.. _points.Select(p => p.Count).Distinct().Order()];
        int lowest = (int)Math.Floor(Math.Log10(_points.Min(p => p.PerSecond)));
        int highest = (int)Math.Ceiling(Math.Log10(_points.Max(p => p.PerSecond)));
        double X(int count) => Left + (Share(Math.Log2(count), Math.Log2(counts[0]), Math.Log2(counts[^1])) * (Width - Left - Right));
        double Y(double rate) => Height - Bottom - (Share(Math.Log10(rate), lowest, highest) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.AppendLine(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">"));
        svg.AppendLine(Invariant($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>"));
        svg.AppendLine(Invariant($"<text x=\"{Left}\" y=\"22\" font-size=\"15\">{title}</text>"));
        for (int power = lowest; power <= highest; power++)
        {
            double y = Y(Math.Pow(10, power));
            svg.AppendLine(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:F1}\" y2=\"{y:F1}\" stroke=\"#dddddd\"/>"));
            svg.AppendLine(Invariant($"<text x=\"{Left - 8}\" y=\"{y + 4:F1}\" text-anchor=\"end\">{Math.Pow(10, power):N0}</text>"));
        }

        foreach (int count in counts)
        {
            svg.AppendLine(Invariant($"<text x=\"{X(count):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{count}</text>"));
        }

        svg.AppendLine(Invariant($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">{counted}</text>"));
        int number = 0;
        foreach (IGrouping<string, Point> line in _points.GroupBy(p => p.Contender))
        {
            string color = Colors[number % Colors.Length];
            Point[] ordered = [.. line.OrderBy(p => p.Count)];
            svg.AppendLine(Invariant(
                $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{string.Join(' ', ordered.Select(p => Invariant($"{X(p.Count):F1},{Y(p.PerSecond):F1}")))}\"/>"));
            int y = Top + 20 + (20 * number);
            svg.AppendLine(Invariant($"<line x1=\"{Width - Right + 14}\" x2=\"{Width - Right + 34}\" y1=\"{y - 4}\" y2=\"{y - 4}\" stroke=\"{color}\" stroke-width=\"2\"/>"));
            svg.AppendLine(Invariant($"<text x=\"{Width - Right + 40}\" y=\"{y}\">{line.Key}</text>"));
            number++;
        }

        svg.AppendLine("</svg>");
        File.WriteAllText(path, svg.ToString());
    }

    private static double Share(double value, double least, double most) => most > least ? (value - least) / (most - least) : 0.5;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>One figure.</summary>
    private readonly record struct Point(string Contender, int Count, double PerSecond);
}
