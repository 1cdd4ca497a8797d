package control

import (
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Bounds of a page of a list.
const (
	defaultPage = 100
	longestPage = 1000
)

func limitOf(p model.Page) int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, longestPage)
}

// page cuts a list, ordered by key, to what is asked for.
func page[T any](all []T, p model.Page, key func(T) string) model.List[T] {
	limit := limitOf(p)
	list := model.List[T]{Items: []T{}}
	for _, one := range all {
		if p.After != "" && key(one) <= p.After {
			continue
		}
		if len(list.Items) == limit {
			list.Next = key(list.Items[limit-1])
			break
		}
		list.Items = append(list.Items, one)
	}
	return list
}

// pageAfter cuts a list in an order of its own: what follows is told by the key
// of the last one seen.
func pageAfter[T any](all []T, p model.Page, key func(T) string) (model.List[T], error) {
	start := 0
	if p.After != "" {
		start = slices.IndexFunc(all, func(one T) bool { return key(one) == p.After }) + 1
		if start == 0 {
			return model.List[T]{}, model.Errorf(model.Invalid, "there is nothing to go on after: %q has gone meanwhile", p.After).At("after")
		}
	}
	limit := limitOf(p)
	list := model.List[T]{Items: []T{}}
	list.Items = append(list.Items, all[start:min(len(all), start+limit)]...)
	if start+limit < len(all) {
		list.Next = key(list.Items[limit-1])
	}
	return list, nil
}
