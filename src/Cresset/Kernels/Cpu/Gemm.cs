namespace Cresset.Kernels.Cpu;
static unsafe class Gemm {
    internal static void Multiply(int m, int n, int k, float* a, long ar, long ac, float* b, long br, long bc, float* c, long cr, bool acc, float* bias)
    { for (var i = 0; i < m; i++) for (var j = 0; j < n; j++) { double s = 0; for (var p = 0; p < k; p++) s += (double)a[i*ar+p*ac] * b[p*br+j*bc]; if (bias != null) s += bias[j]; c[i*cr+j] = (float)s + (acc ? c[i*cr+j] : 0); } }
    internal static void Multiply(int m, int n, int k, double* a, long ar, long ac, double* b, long br, long bc, double* c, long cr, bool acc, double* bias)
    { for (var i = 0; i < m; i++) for (var j = 0; j < n; j++) { double s = 0; for (var p = 0; p < k; p++) s += a[i*ar+p*ac] * b[p*br+j*bc]; if (bias != null) s += bias[j]; c[i*cr+j] = s + (acc ? c[i*cr+j] : 0); } }
}
