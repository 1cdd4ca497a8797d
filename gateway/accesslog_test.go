package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// Each request has one line in the access log, whoever has answered it.
func TestEveryAnswerHasALineInTheAccessLog(t *testing.T) {
	log, lines := logTo(t)
	spin := endpoint("spin", "/spin/{how}", buildC(t, spinInC))
	spin.Limits = gateway.Limits{Timeout: 100 * time.Millisecond, MaxBody: 10}
	wait := endpoint("wait", "/wait", build(t, "../sdk-c/examples/wait"))
	wait.Limits.Timeout = 100 * time.Millisecond
	g, address := start(t, gateway.Options{Access: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{spin, wait}})
	const get = "GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
	quick := fmt.Sprintf(get, "/spin/quick")
	for _, test := range []struct {
		name, requests string
		statuses       []int
	}{
		{"answered", quick, []int{200}},
		{"not routed", fmt.Sprintf(get, "/none"), []int{404}},
		{"too large", "POST /spin/quick HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n12345678901", []int{413}},
		{"malformed", "GET / HTTP/1.1\r\nHost: x\r\nX Y: 1\r\n\r\n", []int{400}},
		{"late while suspended", fmt.Sprintf(get, "/wait?ms=1000"), []int{504}},
		{"late in native code", fmt.Sprintf(get, "/spin/spin"), []int{504}},
		{"late behind another", quick + fmt.Sprintf(get, "/spin/spin"), []int{200, 504}},
	} {
		before := len(lines.String())
		c := connect(t, address)
		if err := c.Write([]byte(test.requests)); err != nil {
			t.Fatal(err)
		}
		for _, status := range test.statuses {
			if r, err := c.ReadResponse("GET"); err != nil || r.Status != status {
				t.Fatalf("%s: %+v %v, want %d", test.name, r, err, status)
			}
		}
		said := func() string { return lines.String()[before:] }
		for end := time.Now().Add(5 * time.Second); strings.Count(said(), "\n") < len(test.statuses) && time.Now().Before(end); {
			time.Sleep(time.Millisecond) // the line comes after the answer
		}
		if n := strings.Count(said(), "\n"); n != len(test.statuses) {
			t.Errorf("%s: %d lines for %d answers:\n%s", test.name, n, len(test.statuses), said())
		}
		for _, status := range test.statuses {
			if !strings.Contains(said(), fmt.Sprintf(`"status":%d,`, status)) {
				t.Errorf("%s: no line has status %d:\n%s", test.name, status, said())
			}
		}
	}
	settledStuck(t, g)
}
