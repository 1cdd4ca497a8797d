package gateway

import (
	"sync"

	"github.com/edge-gateway/edge-gateway/abi/inspect"
)

// ahead has what is known of libraries that are to be loaded, by their paths. All
// of their bytes are read for that, while those before them are loaded.
type ahead map[string]func() (*inspect.Report, error)

// lookAhead looks at the libraries of new endpoints, in their order, and adds
// itself to background.
func (g *Gateway) lookAhead(specs []Endpoint, background *sync.WaitGroup) ahead {
	var paths []string
	of := ahead{}
	there := *g.endpoints.Load()
	for i := range specs {
		path := specs[i].Library
		digest, kept := g.dir.Kept(path)
		if there[specs[i].Name] != nil || !kept || of[path] != nil {
			continue
		}
		of[path] = sync.OnceValues(version{path: path, digest: digest}.look)
		paths = append(paths, path)
	}
	background.Go(func() {
		for _, path := range paths { // who needs one first looks by itself
			_, _ = of[path]()
		}
	})
	return of
}

// look waits for what is known of a library, or finds it.
func (g *Gateway) look(v version) (*inspect.Report, error) {
	if known := g.ahead[v.path]; known != nil {
		return known()
	}
	return v.look()
}
