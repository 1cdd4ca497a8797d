package toolchain

import (
	"os/exec"
	"runtime"
)

const (
	rustHint = "install it from https://rustup.rs"
	goHint   = "install it from https://go.dev/dl"
)

// compilerHint says how to get a C compiler with the package manager that is
// on this machine.
func compilerHint() string {
	switch runtime.GOOS {
	case "darwin":
		return "xcode-select --install"
	case "windows":
		return "install mingw-w64 (winget install BrechtSanders.WinLibs.POSIX.UCRT) and open a new terminal"
	}
	for _, manager := range []struct{ program, command string }{
		{"apt-get", "apt-get install build-essential"},
		{"apk", "apk add build-base"},
		{"dnf", "dnf install gcc"},
		{"yum", "yum install gcc"},
		{"pacman", "pacman -S base-devel"},
		{"zypper", "zypper install gcc"},
		{"pkg", "pkg install gcc"},
		{"nix-env", "nix-env -iA nixpkgs.gcc"},
	} {
		if _, err := exec.LookPath(manager.program); err == nil {
			return manager.command
		}
	}
	return "apt-get install build-essential | apk add build-base | dnf install gcc | pacman -S base-devel"
}
