using System.Diagnostics.CodeAnalysis;

namespace Cresset.Nn;

/// <summary>A tensor that a module learns: it requires gradients from the start, and <see cref="Module.Parameters"/> finds it
/// in the module's fields. PyTorch: <c>torch.nn.Parameter</c>.</summary>
public sealed class Parameter : Tensor
{
    /// <summary>A parameter with these values, whose memory it shares.</summary>
    /// <exception cref="InvalidOperationException">The values are not floating point.</exception>
    public Parameter(Tensor values) : base(Given(values).Storage, values.Layout, values.DType)
    {
        RequiresGrad = true;
    }

    static Tensor Given([NotNull] Tensor? values) => values ?? throw new ArgumentNullException(nameof(values));
}

/// <summary>Marks a field of type <see cref="Tensor"/> as a module's buffer: state that is saved and converted with the module
/// but not learned, as running statistics are. On an auto-property: <c>[field: Buffer]</c>. PyTorch:
/// <c>register_buffer</c>.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class BufferAttribute : Attribute
{
    /// <summary>Whether the buffer is part of the state dictionary. PyTorch: <c>persistent</c>.</summary>
    public bool Persistent { get; init; } = true;
}

/// <summary>The name of a field in the state dictionary, where the field's own in snake_case will not do. The empty name, on
/// a collection of modules, leaves the elements' own keys alone. On an auto-property: <c>[field: StateName("...")]</c>.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class StateNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
