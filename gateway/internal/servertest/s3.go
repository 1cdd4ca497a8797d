package servertest

import (
	"context"
	"errors"
	"go/build"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Keys of the S3 servers of tests.
const (
	S3AccessKey = "test-access"
	S3SecretKey = "test-secret-0123456789"
)

// S3 starts an S3 server with an empty bucket of that name.
func S3(t testing.TB, bucket string) *Server {
	t.Helper()
	program := Need(t, "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0", "versitygw", goBinary("versitygw"))
	dir := t.TempDir() // on a file system with extended attributes, which hold the metadata
	for _, name := range []string{"data/" + bucket, "iam"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	address := Loopback(Port(t))
	command := func() *exec.Cmd {
		cmd := exec.Command(program, "--port", address, "--health", "/health", "--keep-alive", "--quiet",
			"--iam-dir", filepath.Join(dir, "iam"), "posix", filepath.Join(dir, "data"))
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+S3AccessKey, "ROOT_SECRET_KEY="+S3SecretKey)
		return cmd
	}
	return Launch(t, address, command, answering("http://"+address+"/health"))
}

// answering is a ready function for servers that are ready when they answer 200.
func answering(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	}
}

// goBinary is where "go install" puts a program, which need not be in PATH.
func goBinary(name string) string {
	if dir := os.Getenv("GOBIN"); dir != "" {
		return filepath.Join(dir, name)
	}
	return filepath.Join(build.Default.GOPATH, "bin", name)
}
