package toolchain

import (
	"bytes"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"
)

// stageManifest is the Cargo.toml for a copy of the crate: path dependencies
// that leave the folder become absolute, one on the SDK becomes the unpacked
// SDK, and the crate is a workspace of its own, whatever lies above the cache.
// A text that is no TOML stays as it is: cargo names the line.
func stageManifest(text []byte, dir, sdk string) []byte {
	var manifest map[string]any
	if toml.Unmarshal(text, &manifest) != nil {
		return text
	}
	changed := false
	for _, dependencies := range dependencyTables(manifest) {
		for name, value := range dependencies {
			dependency, _ := value.(map[string]any)
			path, ok := dependency["path"].(string)
			if !ok {
				continue
			}
			if renamed, ok := dependency["package"].(string); ok {
				name = renamed
			}
			if name == "edge-gateway-sdk" {
				dependency["path"], changed = filepath.ToSlash(sdk), true
			} else if absolute, leaves := outside(dir, path); leaves {
				dependency["path"], changed = filepath.ToSlash(absolute), true
			}
		}
	}
	if changed {
		if rewritten, err := toml.Marshal(manifest); err == nil {
			text = rewritten
		}
	}
	if _, ok := manifest["workspace"]; !ok {
		text = append(bytes.Clone(text), "\n[workspace]\n"...)
	}
	return text
}

// dependencyTables finds the tables that may hold path dependencies.
func dependencyTables(manifest map[string]any) []map[string]any {
	var tables []map[string]any
	add := func(parent map[string]any) {
		for _, key := range []string{"dependencies", "dev-dependencies", "build-dependencies"} {
			if table, ok := parent[key].(map[string]any); ok {
				tables = append(tables, table)
			}
		}
	}
	add(manifest)
	if workspace, ok := manifest["workspace"].(map[string]any); ok {
		add(workspace)
	}
	for _, key := range []string{"target", "patch"} {
		parents, _ := manifest[key].(map[string]any)
		for _, value := range parents {
			table, ok := value.(map[string]any)
			switch {
			case !ok:
			case key == "patch":
				tables = append(tables, table)
			default:
				add(table)
			}
		}
	}
	return tables
}
