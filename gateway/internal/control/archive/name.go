package archive

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckName tells why a path in an archive is refused, or nil. A path is
// relative, with slashes, and means the same on every system.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case !utf8.ValidString(name):
		return errors.New("it is not UTF-8")
	case strings.HasPrefix(name, "/"):
		return errors.New("it is absolute")
	}
	for _, c := range name {
		switch {
		case c < 0x20 || c == 0x7f:
			return errors.New("it has a control character")
		case strings.ContainsRune(`\:*?"<>|`, c):
			return fmt.Errorf("it has a %q, which not every system takes in a name", c)
		}
	}
	for element := range strings.SplitSeq(name, "/") {
		if err := checkElement(element); err != nil {
			return err
		}
	}
	return nil
}

func checkElement(element string) error {
	switch {
	case element == "":
		return errors.New(`it has an empty part ("//")`)
	case element == "..":
		return errors.New(`it leaves the folder with ".."`)
	case element == ".":
		return errors.New(`it has a part "."`)
	case len(element) > 255:
		return errors.New("a part of it is longer than 255 bytes")
	case strings.HasSuffix(element, "."), strings.HasSuffix(element, " "):
		return errors.New("a part of it ends with a dot or a space, which Windows leaves out")
	case reserved(element):
		return fmt.Errorf("%q is the name of a device on Windows", element)
	}
	return nil
}

// reserved tells whether Windows takes a name, with any extension, for a
// device.
func reserved(element string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(element), ".")
	switch base = strings.TrimRight(base, " "); base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(base, "COM")
	if !ok {
		port, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}

// shown is a name as a message has it: one from an archive may be of any
// length.
func shown(name string) string {
	if len(name) > 200 {
		return name[:200] + "..."
	}
	return name
}
