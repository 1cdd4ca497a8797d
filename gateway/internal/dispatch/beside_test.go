package dispatch

import (
	"slices"
	"testing"
	"time"
)

// What a handler costs in process: from a parsed request to a filled response,
// the C hello on a static route beside a native fasthttp handler with the same
// answer to the same request. Rounds of both take turns.
func BenchmarkHotPathBesideNative(b *testing.B) {
	d, ctx, c, _ := oneRequest(b, "/hello", "/hello")
	native := func() {
		ctx.Response.Reset()
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("Hello, !")
	}
	through := func() { serveOnce(d, ctx, c) }
	for _, serve := range []func(){through, native} {
		serve()
		if string(ctx.Response.Body()) != "Hello, !" || string(ctx.Response.Header.ContentType()) != "text/plain; charset=utf-8" {
			b.Fatal(ctx.Response.String())
		}
	}
	beside(b, "native", native, "gateway", through)
}

// beside measures two ways to serve a request, in rounds that take turns.
func beside(b *testing.B, plainName string, plain func(), name string, serve func()) {
	b.Helper()
	const rounds, requests = 31, 10_000
	for b.Loop() {
		var plainNs, serveNs, difference []float64
		for range rounds {
			p, s := perRequest(requests, plain), perRequest(requests, serve)
			plainNs, serveNs, difference = append(plainNs, p), append(serveNs, s), append(difference, s-p)
		}
		slices.Sort(plainNs)
		slices.Sort(serveNs)
		slices.Sort(difference)
		b.ReportMetric(plainNs[rounds/2], plainName+"-ns/request")
		b.ReportMetric(serveNs[rounds/2], name+"-ns/request")
		b.ReportMetric(difference[rounds/2], "ns-more/request")
		b.ReportMetric(difference[rounds/10], "ns-more-p10")
		b.ReportMetric(difference[rounds-1-rounds/10], "ns-more-p90")
		b.ReportMetric(0, "ns/op") // of all rounds together: says nothing
	}
}

func perRequest(requests int, serve func()) float64 {
	begin := time.Now()
	for range requests {
		serve()
	}
	return float64(time.Since(begin).Nanoseconds()) / float64(requests)
}
