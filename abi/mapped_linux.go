package abi

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// isMapped looks for a file among the mappings of this process. The name will
// not do: the file is removed after loading, and names come back.
func isMapped(id fileID) (bool, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return true, err
	}
	defer f.Close()
	// address perms offset dev inode path
	want := fmt.Sprintf(" %02x:%02x %d ", unix.Major(id.device), unix.Minor(id.device), id.inode)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.Contains(lines.Text(), want) {
			return true, nil
		}
	}
	return false, lines.Err()
}
