package page

import (
	"math"
	"strconv"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Before is After for a list with the newest item first, whose keys are numbers
// that grow: the page has what is below it.
func Before(list string, p model.Page) (int64, error) {
	key, err := After(list, p)
	if err != nil || key == "" {
		return math.MaxInt64, err
	}
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != key {
		return 0, refused(list)
	}
	return n, nil
}
