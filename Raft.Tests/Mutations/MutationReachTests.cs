using System.Reflection;
using Raft.Loop;
using Raft.Mutations;
using Raft.Stores.Wal;
using Raft.Tests.Architecture;
using Raft.Transport.Tcp;

namespace Raft.Tests.Mutations;

/// <summary>A planted bug is out of reach of whoever uses the library, and each one is where it should be.</summary>
public sealed class MutationReachTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Type[] OutOfReach = [typeof(Mutation), typeof(WalMutation), typeof(RaftRuntime)];

    private static readonly Assembly[] Products =
    [
        typeof(RaftNode).Assembly, typeof(WalStore).Assembly, typeof(TcpTransport).Assembly, Assembly.Load("Raft.Simulation"),
        Assembly.Load("Raft.Testing.Contracts"),
    ];

    [Test]
    public void No_public_api_speaks_of_planted_bugs()
    {
        IEnumerable<string> leaks = Products.SelectMany(a => a.GetExportedTypes()).SelectMany(type => Signatures(type)
            .Where(s => s.Types.SelectMany(Parts).Any(OutOfReach.Contains)).Select(s => $"{type.FullName}: {s.Name}"));

        Assert.That(OutOfReach.Where(t => t.IsVisible), Is.Empty);
        Assert.That(leaks, Is.Empty);
    }

    [Test]
    public void The_look_at_signatures_finds_what_the_test_depends_on()
    {
        Type[] used = [.. Signatures(typeof(Exposed)).SelectMany(s => s.Types).SelectMany(Parts)];

        Assert.That(used, Does.Contain(typeof(Mutation)).And.Contain(typeof(WalMutation)).And.Contain(typeof(RaftRuntime)));
        Assert.That(Signatures(typeof(Exposed)).Select(s => s.Name), Does.Not.Contain("Hidden"));
    }

    [Test]
    public void Only_the_simulator_and_the_tests_choose_what_a_node_runs_on()
    {
        Assembly[] others =
        [
            typeof(WalStore).Assembly, typeof(TcpTransport).Assembly, Assembly.Load("Raft.Testing.Contracts"), Assembly.Load("raftkv"),
        ];
        IEnumerable<string> users = others.SelectMany(a => a.GetTypes()).Where(type => !type.ContainsGenericParameters)
            .Where(type => TypeUse.Of(type).Overlaps([typeof(Mutation), typeof(RaftRuntime)])).Select(type => type.FullName!);

        Assert.That(users, Is.Empty);
    }

    [Test]
    public void In_production_no_bug_is_planted()
    {
        Assert.That(RaftRuntime.Production().Mutation, Is.EqualTo(Mutation.None));
        Assert.That((default(Mutation), default(WalMutation)), Is.EqualTo((Mutation.None, WalMutation.None)));
    }

    [Test]
    public void Every_bug_has_its_place_in_the_code()
    {
        IEnumerable<string> Missing<T>(string project, string definition)
            where T : struct, Enum
        {
            string[] code = [.. Directory.EnumerateFiles(Path.Combine(TidyTests.RepositoryRoot(), project), "*.cs", SearchOption.AllDirectories)
                .Where(f => Path.GetFileName(f) != definition).Select(File.ReadAllText)];
            return Enum.GetNames<T>().Where(bug => bug != "None" && !code.Any(c => c.Contains($"{typeof(T).Name}.{bug}")));
        }

        Assert.That(Missing<Mutation>("Raft", "Mutation.cs"), Is.Empty);
        Assert.That(Missing<WalMutation>("Raft.Stores.Wal", "WalMutation.cs"), Is.Empty);
    }

    /// <summary>What a type shows to other assemblies: members that are public, or protected and so anyone's who derives.</summary>
    private static IEnumerable<(string Name, IEnumerable<Type> Types)> Signatures(Type type)
    {
        yield return (type.Name, [.. type.GetInterfaces(), .. type.BaseType is { } based ? [based] : Type.EmptyTypes]);
        foreach (FieldInfo field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly))
        {
            yield return (field.Name, [field.FieldType]);
        }

        // Properties and events are methods too.
        IEnumerable<MethodBase> methods = [.. type.GetMethods(Declared), .. type.GetConstructors(Declared)];
        foreach (MethodBase method in methods.Where(m => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly))
        {
            yield return (method.Name,
            [
                .. method.GetParameters().Select(p => p.ParameterType),
                .. method is MethodInfo { ReturnType: { } returned } ? [returned] : Type.EmptyTypes,
                .. method.IsGenericMethod ? method.GetGenericArguments().SelectMany(g => g.GetGenericParameterConstraints()) : [],
            ]);
        }
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : [type, .. type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts) : []];

    /// <summary>What must never be found in a public type.</summary>
    private sealed class Exposed
    {
        public IReadOnlyList<RaftRuntime[]> Runtimes { get; } = [];

        public static void Take(Func<Mutation?> bug) => bug();

        public static void Give(out WalMutation bug) => bug = Hidden();

        private static WalMutation Hidden() => WalMutation.None;
    }
}
