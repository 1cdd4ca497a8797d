package toolchain

import (
	"runtime"
	"strings"
)

// A compiler runs other people's code (build scripts, macros), so it gets what
// compilers need from the environment and nothing else: no secret of the
// gateway or of whoever started it.
var allowed = names(`
	PATH HOME USER LOGNAME TMPDIR TMP TEMP LANG LC_CTYPE TZ
	XDG_CACHE_HOME XDG_CONFIG_HOME LD_LIBRARY_PATH NIX_SSL_CERT_FILE
	CC CXX AR CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH
	PKG_CONFIG PKG_CONFIG_PATH
	CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTUP_AUTO_INSTALL RUSTUP_DIST_SERVER RUSTFLAGS
	CARGO_HTTP_CAINFO CARGO_HTTP_PROXY CARGO_NET_GIT_FETCH_WITH_CLI
	GOROOT GOPATH GOCACHE GOMODCACHE GOENV GOPROXY GOPRIVATE GONOPROXY GONOSUMDB GONOSUMCHECK
	GOSUMDB GOINSECURE CGO_CFLAGS CGO_LDFLAGS
	HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
	SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO
	DEVELOPER_DIR SDKROOT MACOSX_DEPLOYMENT_TARGET
`)

// Windows programs do not start without these; names have no case there.
var allowedWindows = names(`
	SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME HOMEDRIVE HOMEPATH
	APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432
	COMMONPROGRAMFILES COMMONPROGRAMFILES(X86) COMMONPROGRAMW6432
	NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE INCLUDE LIB LIBPATH VCINSTALLDIR VCTOOLSINSTALLDIR
`)

func names(list string) map[string]bool {
	set := make(map[string]bool)
	for _, name := range strings.Fields(list) {
		set[name] = true
	}
	return set
}

// scrub keeps what is allowed of env and adds `extra`, which wins.
func scrub(env []string, extra ...string) []string {
	clean := make([]string, 0, len(allowed)+len(extra))
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if allowed[name] ||
			runtime.GOOS == "windows" && (allowedWindows[strings.ToUpper(name)] || allowed[strings.ToUpper(name)]) {
			clean = append(clean, entry)
		}
	}
	return append(clean, extra...) // of two entries the last one counts
}
