package canary

import "math"

// surely is the quantile of the normal distribution for 99.9 %. It is not that
// for 95 %, since a rule is asked again and again while a canary runs, and each
// time is another chance to be wrong: asked a hundred times, it aborts one in
// forty candidates that are as good as the current version, where that for
// 99 % would abort one in nine.
const surely = 3.09

// chance tells whether chance explains that the share a of n is larger than the
// share b of m: a one-sided two-proportion z-test. If both were samples of one
// and the same, with the pooled share p, the difference of the two would have a
// standard deviation of sqrt(p(1-p)(1/n+1/m)). What is not more than 3.09 of
// those is called chance.
func chance(a, n, b, m uint64) bool {
	if n == 0 || m == 0 {
		return true
	}
	pooled := float64(a+b) / float64(n+m)
	deviation := math.Sqrt(pooled * (1 - pooled) * (1/float64(n) + 1/float64(m)))
	difference := float64(a)/float64(n) - float64(b)/float64(m)
	return !(difference > surely*deviation)
}
