using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Cresset.Nn;

// Which fields of a module's type hold parameters, buffers and children: looked up once for each type.
static class ModuleMembers
{
    internal const DynamicallyAccessedMemberTypes Needed = DynamicallyAccessedMemberTypes.AllFields;

    internal enum Kind
    {
        Parameter,
        Buffer,
        Module,
        Collection,
    }

    internal sealed record Member(Kind Kind, string Name, FieldInfo Field, bool Persistent);

    static readonly ConcurrentDictionary<Type, Member[]> cache = new();

    internal static Member[] Of([DynamicallyAccessedMembers(Needed)] Type type)
    {
        if (cache.TryGetValue(type, out var members)) return members;
        members = [.. Find(type)];
        foreach (var group in members.Where(member => member.Name.Length > 0).GroupBy(member => member.Name))
            if (group.Count() > 1)
                throw new InvalidOperationException($"{type.Name}: the fields {string.Join(" and ", group.Select(member => member.Field.Name))} are both named \"{group.Key}\" in the state dictionary; rename one, or give it [StateName(\"...\")]");
        return cache.GetOrAdd(type, members);
    }

    static List<Member> Find([DynamicallyAccessedMembers(Needed)] Type type)
    {
        // Base classes first, as their constructors' calls of register_parameter would come first in PyTorch.
        var found = type.BaseType is { } parent && parent != typeof(Module) && parent != typeof(object) ? Find(parent) : [];
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        {
            var buffer = field.GetCustomAttribute<BufferAttribute>();
            Kind? kind = typeof(Parameter).IsAssignableFrom(field.FieldType) ? Kind.Parameter
                : typeof(Tensor).IsAssignableFrom(field.FieldType) ? buffer is null ? null : Kind.Buffer
                : typeof(Module).IsAssignableFrom(field.FieldType) ? Kind.Module
                : typeof(IEnumerable).IsAssignableFrom(field.FieldType) && field.FieldType != typeof(string) ? Kind.Collection
                : null;
            if (buffer is not null && kind != Kind.Buffer)
                throw new InvalidOperationException($"{type.Name}: the field {field.Name} is marked [Buffer], which is for fields of type Tensor; it is a {field.FieldType.Name}");
            if (kind is { } known)
                found.Add(new Member(known, field.GetCustomAttribute<StateNameAttribute>()?.Name ?? SnakeCase(field.Name), field, buffer?.Persistent ?? true));
        }
        return found;
    }

    // The children, or parameters, that a collection's field holds, with their keys. Only what is in memory is looked at: a
    // lazy sequence would make new modules at every look.
    internal static IEnumerable<(string Name, object Value)> Elements(Member member, object collection)
    {
        var prefix = member.Name.Length == 0 ? "" : member.Name + ".";
        if (collection is IDictionary dictionary)
        {
            foreach (DictionaryEntry entry in dictionary)
                if (entry is { Key: string key, Value: Module or Parameter }) yield return (prefix + key, entry.Value);
        }
        else if (collection is ICollection and (IEnumerable<Module> or IEnumerable<Parameter>))
        {
            var index = 0;
            foreach (var element in (IEnumerable)collection)
            {
                if (element is not null) yield return (prefix + index.ToString(CultureInfo.InvariantCulture), element);
                index++;
            }
        }
    }

    // RunningMean, runningMean and _runningMean are running_mean; fc1 stays fc1. The compiler names the fields of properties
    // <Name>k__BackingField and those of captured parameters <name>P.
    internal static string SnakeCase(string name)
    {
        if (name.StartsWith('<')) name = name[1..name.IndexOf('>', StringComparison.Ordinal)];
        name = name.TrimStart('_');
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var starts = i > 0 && char.IsUpper(name[i]) && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (starts) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }
}
