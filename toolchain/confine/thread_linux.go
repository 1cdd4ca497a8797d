package confine

import (
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// confineThread confines the calling thread, for good, as far as the system
// lets it, and tells how far that was.
func confineThread(o order) (reached []string) {
	if dropCapabilities() {
		reached = append(reached, "no-capabilities")
	}
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return reached // landlock wants it
	}
	reached = append(reached, "no-new-privileges")
	abi, err := landlocksys.LandlockGetABIVersion()
	if err != nil || restrictFiles(o.Policy, abi) != nil {
		return reached
	}
	reached = append(reached, "landlock")
	if !o.Policy.Network && !o.Namespaces && abi >= 4 {
		reached = append(reached, "no-tcp")
	}
	return reached
}

// dropCapabilities leaves the thread, and what it starts, with none.
func dropCapabilities() bool {
	for capability := uintptr(0); capability < 64; capability++ {
		// Where it may not be dropped, no-new-privileges keeps it away.
		if unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0) == unix.EINVAL {
			break // there are no more
		}
	}
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0]) == nil
}

func restrictFiles(p Policy, abi int) error {
	config := landlock.V11
	if p.Network {
		config.HandledAccessNet = 0
	}
	var rules []landlock.Rule
	for _, path := range p.Read {
		if rule, ok := rule(path, landlock.RODirs, landlock.ROFiles); ok {
			rules = append(rules, rule)
		}
	}
	for _, path := range p.Write {
		if rule, ok := rule(path, landlock.RWDirs, landlock.RWFiles); ok {
			if abi >= 2 { // to link and rename from one folder to another
				rule = referring(path, rule)
			}
			rules = append(rules, rule)
		}
	}
	fd, flags, err := config.BestEffort().NewRulesetFD(rules...)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return landlocksys.LandlockRestrictSelf(fd, flags)
}

type makeRule = func(paths ...string) landlock.FSRule

func rule(path string, dirs, files makeRule) (landlock.FSRule, bool) {
	info, err := os.Stat(path)
	switch {
	case err != nil: // what is not there cannot be reached either
		return landlock.FSRule{}, false
	case info.IsDir():
		return dirs(path).IgnoreIfMissing(), true
	}
	return files(path).IgnoreIfMissing(), true
}

func referring(path string, rule landlock.FSRule) landlock.FSRule {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return rule.WithRefer()
	}
	return rule
}
