using System.Reflection;
using System.Runtime.CompilerServices;
using Raft.Fsm.Sample.Http;
using Raft.Transport.Tcp;

namespace Raft.Fsm.Sample.Node;

/// <summary>
/// Compiles the library's code before it is needed. What an election or a handover runs, a process that was just started runs for the
/// first time: compiling it then costs tens of milliseconds in which nobody leads.
/// </summary>
internal static class CompiledAhead
{
    private const BindingFlags All =
        BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Begins, on a thread of its own beside all others.</summary>
    public static void Begin()
    {
        if (RuntimeFeature.IsDynamicCodeCompiled)
        {
            new Thread(TryCompile) { IsBackground = true, Name = "compile ahead" }.Start();
        }
    }

    private static void TryCompile()
    {
        try
        {
            Compile();
        }
        catch (Exception failure) when (failure is TypeLoadException or ReflectionTypeLoadException or IOException or BadImageFormatException)
        {
            // What is missing will be missed, or not, by who needs it.
        }
    }

    private static void Compile()
    {
        foreach (Type type in Types())
        {
            foreach (MethodBase method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
            {
                if (!method.IsAbstract && !method.ContainsGenericParameters && method.MethodImplementationFlags == MethodImplAttributes.IL)
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
            }
        }
    }

    /// <summary>What a change of leader runs: first what elects, then what serves.</summary>
    private static IEnumerable<Type> Types()
    {
        Type[] own = [.. typeof(CompiledAhead).Assembly.GetTypes().Where(static t => t.Namespace == typeof(HttpServer).Namespace)];
        return typeof(RaftNode).Assembly.GetTypes()
            .OrderBy(static t => t.Namespace is not ("Raft.Roles" or "Raft.Handlers" or "Raft.Replication"))
            .Concat(typeof(TcpTransport).Assembly.GetTypes())
            .Concat(own)
            .Where(static t => !t.ContainsGenericParameters && !t.IsInterface && !t.IsEnum);
    }
}
