using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;

namespace Cresset.Cli.Reports;

/// <summary>The report of a run: one page that needs nothing beside it. It is made as XML, so that no text of the data becomes
/// markup.</summary>
static class RunReport
{
    const string Style = """
        :root { color-scheme: light dark; --ink: #1c2430; --soft: #66707c; --line: #dfe3e8; --ground: #ffffff; --card: #f6f8fa; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ed; --soft: #98a2ad; --line: #343b44; --ground: #14181d; --card: #1c2229; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem; }
        h1 { font-size: 1.9rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.6rem 0 .7rem; }
        p { margin: .3rem 0; } .soft, figcaption { color: var(--soft); }
        .figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; }
        .figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1.2rem; }
        .figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
        th:first-child, td:first-child, table.texts td, table.texts th { text-align: left; } th { color: var(--soft); font-weight: 500; }
        td.wrap { overflow-wrap: anywhere; max-width: 34rem; }
        img.chart { max-width: 100%; height: auto; background: #fff; border: 1px solid #dfe3e8; border-radius: 8px; }
        @media (prefers-color-scheme: dark) { img.chart { filter: invert(.9) hue-rotate(180deg); } }
        .pictures { display: flex; flex-wrap: wrap; gap: 1.2rem; }
        figure { margin: 0; width: 7.5rem; font-size: .85rem; overflow-wrap: anywhere; } figure img { width: 7rem; height: 7rem; object-fit: contain; image-rendering: pixelated; border: 1px solid var(--line); }
        pre.text { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem; }
        pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; overflow-x: auto; font-size: .8rem; line-height: 1.35; }
        """;

    /// <summary>The page.</summary>
    /// <param name="plan">What was trained.</param>
    /// <param name="network">The network that is kept, in evaluation mode.</param>
    /// <param name="run">The run folder, with its charts.</param>
    /// <param name="report">The score.</param>
    /// <param name="mistakes">The worst first.</param>
    public static string Create(TrainPlan plan, Module network, RunFolder run, IReport report, IReadOnlyList<Mistake> mistakes)
    {
        var name = Clean(plan.Settings.Name!);
        var page = new XElement("html", new XAttribute("lang", "en"),
            new XElement("head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width")),
                new XElement("title", name), new XElement("style", Style)),
            new XElement("body",
                new XElement("h1", name), new XElement("p", new XAttribute("class", "soft"), Clean(plan.Summary)),
                plan.Input.Notes.Select(note => new XElement("p", new XAttribute("class", "soft"), Clean(note))),
                new XElement("div", new XAttribute("class", "figures"), Figures(report, plan.Input).Select(f => new XElement("div", new XElement("b", f.Value), f.Name))),
                Chart("Learning curves", run[RunFolder.CurvesFile + ".svg"]),
                report is EvaluationReport classes && plan.Input.Kind != InputKind.Text ? Classes(classes, plan.Input) : null,
                Chart("Confusion matrix", run[RunFolder.ConfusionFile + ".svg"]),
                Chart("Predicted and true numbers", run[RunFolder.PredictionsFile + ".svg"]),
                Mistakes(plan, mistakes),
                plan.TestSamples is TextSamples text ? Generated(plan, network, text) : null,
                Chart("Search for the learning rate", run[RunFolder.RatesFile + ".svg"]),
                Section("Layers", new XElement("pre", Clean(plan.Model.Network.Summary(plan.Input.Example()).ToString()))),
                Section("Settings", Settings(plan))));
        return "<!DOCTYPE html>\n" + page;
    }

    static XElement[] Section(string title, params object?[] content) => [new XElement("h2", title), .. content.OfType<XElement>()];

    static IEnumerable<(string Name, string Value)> Figures(IReport report, ModelInput input)
    {
        string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        return report switch
        {
            EvaluationReport { Loss: var loss } text when input.Kind == InputKind.Text => [("nats a character", Text(loss, "F4")), ("perplexity", Text(Math.Exp(loss), "F3")), ("accuracy", Text(100 * text.Accuracy, "F2") + "%")],
            EvaluationReport classes => [("test accuracy", Text(100 * classes.Accuracy, "F2") + "%"), ("macro F1", Text(classes.Averages[0].F1, "F4")), ("loss", Text(classes.Loss, "F4")),
                (input.Unit, Text(classes.Confusion.Sum(row => row.Sum()), "N0"))],
            RegressionReport number => [("R2", Text(number.R2, "F4")), ("root mean squared error", Text(number.RootMeanSquaredError, "G6")), ("mean absolute error", Text(number.MeanAbsoluteError, "G6")), (input.Unit, Text(number.Samples, "N0"))],
            _ => throw new InvalidOperationException($"no figures of a {report.GetType().Name}"),
        };
    }

    // A data address, so that the page stands alone and names within charts do not meet.
    static XElement[]? Chart(string title, string file) => File.Exists(file)
        ? Section(title, Image("chart", title, "image/svg+xml", File.ReadAllBytes(file)))
        : null;

    static XElement Image(string style, string title, string type, byte[] content) =>
        new("img", new XAttribute("class", style), new XAttribute("alt", Clean(title)), new XAttribute("src", $"data:{type};base64,{Convert.ToBase64String(content)}"));

    static XElement[] Classes(EvaluationReport report, ModelInput input) => Section("Classes", new XElement("table",
        Row("th", "class", "precision", "recall", "F1", input.Unit),
        report.Classes.Concat(report.Averages).Select(c => Row("td", c.Name, Share(c.Precision), Share(c.Recall), Share(c.F1), c.Support.ToString(CultureInfo.InvariantCulture)))));

    static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    static XElement Row(string cell, params string[] values) => new("tr", values.Select(value => new XElement(cell, Clean(value))));

    static XElement[]? Mistakes(TrainPlan plan, IReadOnlyList<Mistake> mistakes)
    {
        if (mistakes.Count == 0 || plan.TestSamples is not SeparateSamples samples) return null;
        var title = plan.Input.Number is { } number ? $"Largest errors of {Clean(number.Name)}" : "Worst mistakes";
        var shown = mistakes.Select(m => (Mistake: m, Sample: samples.Show(m.Index))).ToList();
        if (shown[0].Sample.Picture is not null)
        {
            return Section(title, new XElement("div", new XAttribute("class", "pictures"), shown.Select(s => new XElement("figure",
                Image("", s.Sample.Name, "image/png", s.Sample.Picture!),
                new XElement("figcaption", Clean($"{s.Mistake.Truth}, taken for {s.Mistake.Prediction}; {s.Sample.Name}"))))));
        }
        return Section(title, new XElement("table", new XAttribute("class", "texts"), Row("th", "sample", "true", "predicted"),
            shown.Select(s => new XElement("tr", new XElement("td", new XAttribute("class", "wrap"), Clean(s.Sample.Name)), new XElement("td", Clean(s.Sample.Truth ?? s.Mistake.Truth)), new XElement("td", Clean(s.Mistake.Prediction))))));
    }

    // How the network goes on with the test part's beginning, as `cresset predict` would let it.
    static XElement[] Generated(TrainPlan plan, Module network, TextSamples samples)
    {
        const int beginning = 32, length = 400;
        const double temperature = 0.8;
        var prompt = string.Concat(samples.Text.EnumerateRunes().Take(beginning));
        using var scope = Autograd.NoGrad();
        var text = plan.Input.Predict(network, plan.Classes, prompt, new PredictRequest("", [], null, null, length, temperature, null, null, plan.Settings.Seed, false))[0].Text!;
        return Section("Generated text",
            new XElement("p", new XAttribute("class", "soft"), string.Create(CultureInfo.InvariantCulture, $"The first {beginning} characters are the test part's; temperature {temperature}, seed {plan.Settings.Seed}.")),
            new XElement("pre", new XAttribute("class", "text"), Clean(text)));
    }

    static XElement Settings(TrainPlan plan)
    {
        using var json = JsonDocument.Parse(plan.Settings.ToJson());
        return new XElement("table", new XAttribute("class", "texts"), json.RootElement.EnumerateObject().Select(p => Row("td", p.Name, p.Value.ValueKind switch
        {
            JsonValueKind.Null => NotGiven(p.Name, plan),
            JsonValueKind.String => p.Value.GetString()!,
            _ => p.Value.GetRawText(),
        })));
    }

    // What holds where a setting was left open.
    static string NotGiven(string setting, TrainPlan plan) => setting switch
    {
        "dataDir" => new DatasetStore().Root,
        "task" when plan.Input.FileColumns is { Task: { } task } => task.ToString().ToLowerInvariant(),
        "threads" => Threads.Count.ToString(CultureInfo.InvariantCulture),
        "trainCount" or "testCount" => "the data set's own",
        "checkpointEvery" => "after each epoch, once a minute within",
        "maxBroken" when plan.Input.Kind == InputKind.Pictures => "one in twenty",
        _ => "none",
    };

    // XML has no control characters.
    static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(rune => Rune(rune.Value)));

    static string Rune(int value) => value is 9 or 10 or 13 or (>= 0x20 and not (0xfffe or 0xffff)) ? char.ConvertFromUtf32(value) : "\ufffd";
}
