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
	const rounds, requests = 31, 10_000
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
	for b.Loop() {
		var nativeNs, gatewayNs, difference []float64
		for range rounds {
			n, g := perRequest(requests, native), perRequest(requests, through)
			nativeNs, gatewayNs, difference = append(nativeNs, n), append(gatewayNs, g), append(difference, g-n)
		}
		slices.Sort(nativeNs)
		slices.Sort(gatewayNs)
		slices.Sort(difference)
		b.ReportMetric(nativeNs[rounds/2], "native-ns/request")
		b.ReportMetric(gatewayNs[rounds/2], "gateway-ns/request")
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
