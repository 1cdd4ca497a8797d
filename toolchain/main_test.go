package toolchain_test

import (
	"os"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

func TestMain(m *testing.M) {
	confine.Main()
	os.Exit(m.Run())
}
