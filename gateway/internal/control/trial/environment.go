package trial

import (
	"os"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
)

// kept are the variables that a child has from its parent: what the loader, the
// C library and a language's runtime look at. Secrets, and whatever leads to a
// backend, are not among them.
var kept = map[string]bool{
	"PATH": true, "LANG": true, "LANGUAGE": true, "TZ": true,
	"LD_LIBRARY_PATH": true, "LD_PRELOAD": true, "DYLD_LIBRARY_PATH": true, "DYLD_FALLBACK_LIBRARY_PATH": true,
	"SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "GODEBUG": true, "RUST_BACKTRACE": true,
	"SYSTEMROOT": true, "SYSTEMDRIVE": true, "WINDIR": true, "COMSPEC": true, "PATHEXT": true,
	"NUMBER_OF_PROCESSORS": true, "PROCESSOR_ARCHITECTURE": true,
}

// environment is that of a child whose working directory is dir. What a library
// writes to its user's home, or to where temporary files go, goes there too.
func environment(dir string) []string {
	env := []string{mark + "=1", "PWD=" + dir, "HOME=" + dir, "USERPROFILE=" + dir, "TMPDIR=" + dir, "TEMP=" + dir, "TMP=" + dir}
	for _, one := range os.Environ() {
		name, _, _ := strings.Cut(one, "=")
		if upper := strings.ToUpper(name); kept[upper] || strings.HasPrefix(upper, "LC_") {
			env = append(env, one)
		}
	}
	name, value, _ := abi.Environment()
	if name != "" {
		env = append(env, name+"="+value)
	}
	return env
}
