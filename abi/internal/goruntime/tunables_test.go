package goruntime

import "testing"

func TestTunablesMakesRoomAndKeepsOtherSettings(t *testing.T) {
	const room = "glibc.rtld.optional_static_tls=8192"
	for current, want := range map[string]string{
		"":                                       room,
		room:                                     room,
		"glibc.rtld.optional_static_tls=0x10000": "glibc.rtld.optional_static_tls=0x10000",
		"glibc.rtld.optional_static_tls=512":     room,
		"glibc.rtld.optional_static_tls=":        room,
		"glibc.rtld.optional_static_tls=-1":      room,
		"glibc.rtld.optional_static_tls":         room,
		"glibc.malloc.check=3":                   "glibc.malloc.check=3:" + room,
		"a=1:" + room + ":b=2":                   "a=1:" + room + ":b=2",
		room + ":b=2:" + "glibc.rtld.optional_static_tls=1": "b=2:" + room,
		"::": room,
	} {
		got := Tunables(current)
		if got != want {
			t.Errorf("Tunables(%q) = %q, want %q", current, got, want)
		}
		if again := Tunables(got); again != got || !enoughStaticTLS(got) {
			t.Errorf("Tunables(%q) = %q, which is not enough", got, again)
		}
	}
}
