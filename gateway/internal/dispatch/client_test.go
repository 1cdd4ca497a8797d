package dispatch

import "testing"

func TestAClientsAddressIsWithoutItsPort(t *testing.T) {
	for peer, want := range map[string]string{
		"10.1.2.3:4567": "10.1.2.3", "[2001:db8::1]:80": "[2001:db8::1]", "[fe80::1%eth0]:1": "[fe80::1%eth0]",
		"": "", "@": "@",
	} {
		if got := string(withoutPort([]byte(peer))); got != want {
			t.Errorf("%q: %q, want %q", peer, got, want)
		}
	}
}

func TestAClientIsToldByItsHeaderOrElseItsAddress(t *testing.T) {
	d, ctx, c, _ := oneRequest(t, "/hello", "/hello")
	r := &c.request
	*r = request{d: d, ctx: ctx}
	if !r.open(c) {
		t.Fatal(ctx.Response.StatusCode())
	}
	defer r.frame.Release()
	for header, want := range map[string]string{
		"user-agent": "test", "USER-AGENT": "test", "": "127.0.0.1", "x-user": "127.0.0.1", "user-agen": "127.0.0.1",
	} {
		if got := string(r.Key(header)); got != want {
			t.Errorf("by %q: %q, want %q", header, got, want)
		}
		if n := testing.AllocsPerRun(100, func() { r.Key(header) }); n != 0 {
			t.Errorf("by %q: %v allocations", header, n)
		}
	}
}
