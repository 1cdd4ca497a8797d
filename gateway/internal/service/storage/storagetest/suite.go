package storagetest

import (
	"net/http"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// Driver says what is special about the driver and its backend.
type Driver struct {
	// Open gives a service that has no objects.
	Open func(t testing.TB) *storage.Service
	// Keep picks the keys that the backend, not the driver, can keep.
	Keep func(keys []string) []string
	// Presigned serves the URLs that the service signs.
	Presigned func(t testing.TB, s *storage.Service) http.Handler
	// Left counts what unfinished uploads take up at the backend.
	Left func(t testing.TB, s *storage.Service) int
	// NoTime: the backend does not tell the time when it stores.
	NoTime bool
}

// Suite runs all cases on a driver.
func Suite(t *testing.T, d Driver) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s *storage.Service, d Driver)
	}{
		{"PutGetHeadDelete", putGetHeadDelete},
		{"Keys", keys},
		{"Metadata", metadata},
		{"Parts", parts},
		{"Create", create},
		{"CreateOnlyOne", createOnlyOne},
		{"Overwrite", overwrite},
		{"List", list},
		{"ListPages", listPages},
		{"Copy", copies},
		{"Upload", uploads},
		{"UploadEnds", uploadEnds},
		{"UploadLarge", uploadLarge},
		{"UploadCreate", uploadCreate},
		{"Large", large},
		{"Refusals", refusals},
		{"Presign", presign},
		{"Deadline", deadline},
		{"CloseFinishesUploads", closeFinishesUploads},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, d.Open(t), d) })
	}
}

// Eventually waits, at most 10 s, until something is so.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}
