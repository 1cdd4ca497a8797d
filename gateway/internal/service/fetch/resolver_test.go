package fetch

import (
	"context"
	"net"
	"testing"
)

// resolver asks a name server that says the same address for every name.
func resolver(t *testing.T, address [4]byte) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(addressAnswer(query[:n], address), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// addressAnswer answers one question for an A record, and any other with none.
func addressAnswer(query []byte, address [4]byte) []byte {
	end := 12 // of the header; the question's name follows
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	end += 5 // the root, type and class
	answer := append([]byte(nil), query[:end]...)
	answer[2], answer[3] = 0x81, 0x80 // an answer, without error
	answer[8], answer[9], answer[10], answer[11] = 0, 0, 0, 0
	if query[end-3] != 1 {
		return answer
	}
	answer[7] = 1
	record := []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4}
	return append(append(answer, record...), address[:]...)
}
