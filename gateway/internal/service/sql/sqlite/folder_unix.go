//go:build unix

package sqlite

import "os"

// syncFolder makes the name of a new file durable.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
