using System.Reflection;
using System.Runtime.CompilerServices;

namespace Raft.Tests.Architecture;

/// <summary>Writes types as they stand in C# source: keywords, question marks, names of tuple elements.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(char)] = "char",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>The type of a parameter, with its modifier.</summary>
    public static string Of(ParameterInfo parameter)
    {
        string modifier = !parameter.ParameterType.IsByRef ? string.Empty
            : parameter.IsOut ? "out "
            : parameter.IsIn ? "in "
            : "ref ";
        return modifier + Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter), NamesAt(parameter));
    }

    /// <summary>The type that a method returns.</summary>
    public static string OfReturn(MethodInfo method) =>
        (method.ReturnType.IsByRef ? "ref " : string.Empty) + Of(
            method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter), NamesAt(method.ReturnParameter));

    /// <summary>The type of a property.</summary>
    public static string Of(PropertyInfo property) =>
        Of(property.PropertyType, new NullabilityInfoContext().Create(property), NamesAt(property));

    /// <summary>The type of a field.</summary>
    public static string Of(FieldInfo field) =>
        Of(field.FieldType, new NullabilityInfoContext().Create(field), NamesAt(field));

    /// <summary>A type of which nothing is known about nulls, such as a base.</summary>
    public static string Of(Type type) => Of(type, nullability: null, new Queue<string?>());

    /// <summary>A type's own name, with the names of the types around it and of its parameters.</summary>
    public static string Declared(Type type)
    {
        string name = Plain(type) + Parameters([.. type.GetGenericArguments().Select(a => a.Name)]);
        return type.DeclaringType is { } outer ? $"{Declared(outer)}.{name}" : name;
    }

    private static string Of(Type type, NullabilityInfo? nullability, Queue<string?> names)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!, nullability?.ElementType ?? nullability, names);
        }

        // A Nullable<T> tells of its T, a reference of itself.
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Of(value, nullability, names) + "?";
        }

        // Of a type parameter it cannot be told whether a question mark stands there: an argument decides what may be null.
        bool mayBeNull = !type.IsValueType && !type.IsGenericParameter && nullability?.ReadState == NullabilityState.Nullable;
        return Bare(type, nullability, names) + (mayBeNull ? "?" : string.Empty);
    }

    private static string Bare(Type type, NullabilityInfo? nullability, Queue<string?> names)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return Of(type.GetElementType()!, nullability?.ElementType, names) + "[]";
        }

        if (!type.IsGenericType)
        {
            return Outer(type) + type.Name;
        }

        bool isTuple = type.IsAssignableTo(typeof(ITuple)) && type.IsValueType;
        Type[] arguments = type.GetGenericArguments();

        // The names of a tuple's elements come before those of the tuples inside it.
        string?[] own = isTuple ? [.. arguments.Select(_ => names.TryDequeue(out string? name) ? name : null)] : [];
        string[] written = [.. arguments.Select((argument, i) => Of(argument, Inner(nullability, i), names))];
        return isTuple
            ? $"({string.Join(", ", written.Select((w, i) => own[i] is { } name ? $"{w} {name}" : w))})"
            : Outer(type) + Plain(type) + Parameters(written);
    }

    private static NullabilityInfo? Inner(NullabilityInfo? nullability, int i) =>
        nullability is not null && i < nullability.GenericTypeArguments.Length ? nullability.GenericTypeArguments[i] : null;

    private static string Outer(Type type) =>
        type.IsNested && !type.IsGenericParameter ? Declared(type.DeclaringType!) + "." : string.Empty;

    private static string Plain(Type type) => type.Name.Split('`')[0];

    private static string Parameters(string[] names) => names.Length == 0 ? string.Empty : $"<{string.Join(", ", names)}>";

    private static Queue<string?> NamesAt(ICustomAttributeProvider at) => new(
        at.GetCustomAttributes(typeof(TupleElementNamesAttribute), inherit: false)
            .Cast<TupleElementNamesAttribute>().SelectMany(a => a.TransformNames));
}
