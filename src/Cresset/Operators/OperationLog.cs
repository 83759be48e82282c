namespace Cresset.Operators;

/// <summary>Counts the multiply-adds of products and convolutions while somebody asks for them, on one thread. It is the
/// operators that tell, so that what a module computes beside its layers is counted as well.</summary>
static class OperationLog
{
    /// <param name="Left">The memory of one operand.</param>
    /// <param name="Right">The memory of the other.</param>
    /// <param name="Result">The memory of the result.</param>
    /// <param name="MultiplyAdds">Products that are added up.</param>
    internal readonly record struct Entry(Storage Left, Storage Right, Storage Result, long MultiplyAdds);

    [ThreadStatic]
    static List<Entry>? entries;

    /// <summary>Runs an action and gives its operations to a list as they come.</summary>
    internal static void Record(List<Entry> into, Action action)
    {
        var outer = entries;
        entries = into;
        try
        {
            action();
        }
        finally
        {
            entries = outer;
        }
    }

    /// <summary>Tells of an operator that has run.</summary>
    internal static void Add(Tensor left, Tensor right, Tensor result, long multiplyAdds) =>
        entries?.Add(new Entry(left.Storage, right.Storage, result.Storage, multiplyAdds));
}
