package model

// Page asks for a part of a list, in the list's own order.
type Page struct {
	Limit int    // default 100, at most 1,000
	After string // as a list's Next says; empty for the beginning
}

// List is a part of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Give it as after to get what follows; none at the end."`
}
