using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Raft.Tests.Architecture;

/// <summary>What others can see of an assembly, as text: one line a type, one a member, in an order that stays.</summary>
/// <remarks>
/// Protected members of types that can be derived from are seen too. What the compiler adds to a record is not written:
/// that it is a record says it.
/// </remarks>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The public surface of an assembly.</summary>
    public static IEnumerable<string> Of(Assembly assembly)
    {
        string? space = null;
        foreach (Type type in assembly.GetExportedTypes()
                     .OrderBy(t => t.Namespace, StringComparer.Ordinal).ThenBy(TypeNames.Declared, StringComparer.Ordinal))
        {
            if (type.Namespace != space)
            {
                space = type.Namespace;
                yield return $"namespace {space}";
            }

            yield return $"  {Obsolete(type)}{Head(type)}";
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                yield return $"    {member}";
            }
        }
    }

    private static string Head(Type type)
    {
        if (type.IsAssignableTo(typeof(Delegate)))
        {
            MethodInfo call = type.GetMethod("Invoke")!;
            return $"delegate {TypeNames.OfReturn(call)} {TypeNames.Declared(type)}({Parameters(call)})";
        }

        IEnumerable<Type> bases = type.GetInterfaces()
            .Except(type.GetInterfaces().SelectMany(i => i.GetInterfaces()))
            .Except(type.BaseType?.GetInterfaces() ?? [])
            .Where(i => i.IsVisible && !(IsRecord(type) && i.Name == "IEquatable`1") && !type.IsEnum)
            .OrderBy(i => i.Name, StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
        {
            bases = bases.Prepend(parent);
        }

        string[] names = [.. bases.Select(TypeNames.Of)];
        return $"{Kind(type)} {TypeNames.Declared(type)}{(names.Length == 0 ? string.Empty : " : " + string.Join(", ", names))}"
            + Constraints(type.GetGenericArguments());
    }

    private static string Kind(Type type)
    {
        string modifier = type.IsInterface || type.IsValueType ? string.Empty
            : type.IsAbstract && type.IsSealed ? "static "
            : type.IsAbstract ? "abstract "
            : type.IsSealed ? "sealed "
            : string.Empty;
        string readOnly = type.IsValueType && type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : string.Empty;
        string refStruct = type.IsByRefLike ? "ref " : string.Empty;
        string record = IsRecord(type) ? "record " : string.Empty;
        string kind = type.IsEnum ? $"enum {TypeNames.Of(Enum.GetUnderlyingType(type))}"
            : type.IsInterface ? "interface"
            : type.IsValueType ? "struct"
            : "class";
        return $"{modifier}{readOnly}{refStruct}{record}{kind}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsAssignableTo(typeof(Delegate)))
        {
            yield break;
        }

        if (type.IsEnum)
        {
            foreach (object value in Enum.GetValues(type))
            {
                yield return $"{value} = {Convert.ToInt64(value, CultureInfo.InvariantCulture)}";
            }

            yield break;
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(c => IsSeen(c) && !IsAdded(c)))
        {
            yield return $"{Obsolete(constructor)}{Access(constructor)}{TypeNames.Declared(type)}({Parameters(constructor)})";
        }

        foreach (MethodInfo method in type.GetMethods(Declared)
                     .Where(m => IsSeen(m) && !IsAdded(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            yield return $"{Obsolete(method)}{Access(method)}{TypeNames.OfReturn(method)} {method.Name}"
                + $"{Generics(method)}({Parameters(method)}){Constraints(method.GetGenericArguments())}";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared).Where(p => p.GetAccessors(nonPublic: true).Any(IsSeen) && !IsAdded(p)))
        {
            yield return Property(property);
        }

        foreach (EventInfo occurrence in type.GetEvents(Declared).Where(e => IsSeen(e.AddMethod!)))
        {
            yield return $"{Obsolete(occurrence)}{Access(occurrence.AddMethod!)}event "
                + $"{TypeNames.Of(occurrence.EventHandlerType!)} {occurrence.Name}";
        }

        foreach (FieldInfo field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly))
        {
            string kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
            yield return $"{Obsolete(field)}{kind}{TypeNames.Of(field)} {field.Name}"
                + (field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : string.Empty);
        }
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo some = property.GetAccessors(nonPublic: true).First(IsSeen);
        string[] accessors = [.. property.GetAccessors(nonPublic: true).Where(IsSeen).Select(a => Accessor(a, some, property))];
        string name = property.GetIndexParameters() is { Length: > 0 } ? $"this[{Parameters(property.GetMethod!)}]" : property.Name;
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : string.Empty;
        return $"{Obsolete(property)}{Access(some)}{required}{TypeNames.Of(property)} {name} {{ {string.Join(" ", accessors)} }}";
    }

    private static string Accessor(MethodInfo accessor, MethodInfo some, PropertyInfo property)
    {
        string kind = accessor == property.GetMethod ? "get;"
            : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;"
            : "set;";
        return accessor.IsFamily == some.IsFamily ? kind : "protected " + kind;
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        (method.IsDefined(typeof(ExtensionAttribute)) && p.Position == 0 ? "this " : string.Empty)
        + (p.IsDefined(typeof(ParamArrayAttribute)) || p.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : string.Empty)
        + $"{TypeNames.Of(p)} {p.Name}{(p.HasDefaultValue ? $" = {Literal(p.DefaultValue)}" : string.Empty)}"));

    private static string Generics(MethodInfo method) => method.IsGenericMethod
        ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : string.Empty;

    private static string Constraints(Type[] parameters) => string.Concat(parameters.Where(p => p.IsGenericParameter)
        .Select(p => (p.Name, Constraints: Constraints(p))).Where(p => p.Constraints.Length > 0)
        .Select(p => $" where {p.Name} : {string.Join(", ", p.Constraints)}"));

    private static string[] Constraints(Type parameter)
    {
        GenericParameterAttributes flags = parameter.GenericParameterAttributes;
        bool isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        bool isClass = flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint);
        bool isNew = flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct;
        return
        [
            .. isStruct ? new[] { "struct" } : [],
            .. isClass ? new[] { "class" } : [],
            .. parameter.GetGenericParameterConstraints().Where(c => c != typeof(ValueType)).Select(TypeNames.Of),
            .. isNew ? new[] { "new()" } : [],
        ];
    }

    private static string Access(MethodBase method)
    {
        string access = method.IsFamily || method.IsFamilyOrAssembly ? "protected " : string.Empty;
        if (method.IsStatic)
        {
            return access + "static ";
        }

        if (!method.IsVirtual || method.IsFinal || method.DeclaringType!.IsInterface)
        {
            return method.DeclaringType!.IsInterface && !method.IsAbstract ? access + "virtual " : access;
        }

        return access + ((method as MethodInfo)?.GetBaseDefinition() != method ? "override "
            : method.IsAbstract ? "abstract "
            : "virtual ");
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // A constructor that leaves required members unset is marked obsolete too, by the compiler and for old compilers only.
    private static string Obsolete(MemberInfo member) =>
        member.IsDefined(typeof(ObsoleteAttribute), inherit: false)
        && !member.IsDefined(typeof(CompilerFeatureRequiredAttribute), inherit: false)
            ? "[Obsolete] " : string.Empty;

    private static bool IsSeen(MethodBase method) => method.IsPublic
        || ((method.IsFamily || method.IsFamilyOrAssembly) && method.DeclaringType is { IsSealed: false });

    private static bool IsAdded(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) || member.Name.StartsWith('<');

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", Declared) is { } print && print.IsDefined(typeof(CompilerGeneratedAttribute));
}
