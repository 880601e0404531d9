/**
 * Penalized inertia: the cost of K clusters when the variance within a cluster is known.
 *
 *     SSE_K + beta K
 *
 * This is BIC with known variance s2 and q parameters a cluster, SSE_K / s2 + q K ln n, times s2: beta = s2 q ln n. One more
 * cluster pays when it lowers the inertia by more than beta. The K that minimises it is the DP-means objective too.
 *
 * @param inertia SSE_K, at least 0.
 * @param K number of clusters.
 * @param beta price of a cluster, in units of the inertia.
 * @returns the cost; lower is better.
 * @see B. Kulis and M. I. Jordan (2012), "Revisiting k-means: New Algorithms via Bayesian Nonparametrics"
 */
export function ssePenalty(inertia: number, K: number, beta: number): number {
  return inertia + beta * K;
}
