using System.Runtime.CompilerServices;
using Cresset.Kernels.Cpu;

namespace Cresset.Tests.Kernels;

// Tests of many threads have them on a machine of few processors, too.
static class AllThreads
{
    [ModuleInitializer]
    internal static void Start() => WorkerPool.Processors = int.MaxValue;
}
