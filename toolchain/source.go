package toolchain

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/tree"
)

// SourceFiles lists what [Toolchain.Build] takes for source in dir: relative
// paths with slashes, in their order. Version control and build products are
// not among it. A link to a folder, which Build follows, is an error: what it
// leads to is not in dir.
func SourceFiles(dir string) ([]string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("read source folder: %w", err)
	}
	list, err := tree.List(real, nil)
	if err != nil {
		return nil, err
	}
	if len(list.Links) > 0 {
		return nil, fmt.Errorf("source folder %q: %q is a link to a folder; put the folder itself there", dir, list.Links[0])
	}
	names := make([]string, len(list.Files))
	for i, file := range list.Files {
		names[i] = filepath.ToSlash(file.Name)
	}
	slices.Sort(names)
	return names, nil
}

// ProjectName is what [Create] calls the project of a handler that is itself
// called something else, such as 2nd.Order: the nearest that is allowed.
func ProjectName(name string) string {
	if name = nameFrom(name); name == "edge-gateway-sdk" {
		return name + "-user" // a crate cannot be called as one that it needs
	}
	return name
}
