package admin

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Paging is the input of every list.
type Paging struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many to give at most."`
	After string `query:"after" maxLength:"512" doc:"The next of an earlier answer, for what follows it."`
}

func (p Paging) page() model.Page { return model.Page{Limit: p.Limit, After: p.After} }

// listed is an answer with a part of a list.
type listed[T any] struct {
	Link string `header:"Link" doc:"Where the next part is, with rel=\"next\"."`
	Body model.List[T]
}

// list answers with a part of a list, and tells where the next one is.
func list[T any](ctx context.Context, part model.List[T], err error) (*listed[T], error) {
	if err != nil {
		return nil, err
	}
	if part.Items == nil {
		part.Items = []T{}
	}
	out := &listed[T]{Body: part}
	if part.Next != "" {
		next := *exchangeOf(ctx).r.URL
		query := next.Query()
		query.Set("after", part.Next)
		next.RawQuery = query.Encode()
		out.Link = "<" + next.RequestURI() + `>; rel="next"`
	}
	return out, nil
}
