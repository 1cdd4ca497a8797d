//go:build race

package edge_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A shared library with the race detector in it does not load into a process
// without, so this one is linked into the driver.
func TestServicesUnderTheRaceDetector(t *testing.T) {
	bench := workbench(t)
	archive, err := bench.compile("testdata/services", "a", "-race", "-buildmode=c-archive")
	if err != nil {
		t.Fatal(err)
	}
	driver := bench.path("racing")
	err = run(exec.Command("cc", "-std=gnu11", "-no-pie", "-rdynamic", "-I", bench.path("sdk/include"), "-o", driver,
		"testdata/driver.c", "testdata/services.c", "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", "-ldl", "-pthread", "-lresolv", "-lm"))
	if err != nil {
		t.Fatal(err)
	}
	for _, arguments := range []string{"/sql/together", "/sql/outlive", "/sql/each -t 4 -n 50", "/cache -t 4 -n 50", "/storage/upload -t 4 -n 5", "/email -t 4 -n 50", "/http -t 4 -n 50"} {
		fields := strings.Fields(arguments)
		output, err := exec.Command(driver, append([]string{"-", "GET", fields[0], ""}, fields[1:]...)...).CombinedOutput()
		if err != nil || strings.Contains(string(output), "DATA RACE") {
			t.Errorf("%s: %v\n%s", arguments, err, output)
		}
	}
}
