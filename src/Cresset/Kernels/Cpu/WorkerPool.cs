namespace Cresset.Kernels.Cpu;
interface IParallelBody { void Run(int part); }
static class WorkerPool { internal static void For<TBody>(int parts, ref TBody body) where TBody : unmanaged, IParallelBody { for (var i = 0; i < parts; i++) body.Run(i); } }
