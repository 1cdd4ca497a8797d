// Package registry keeps what is loaded: endpoints, the instance that answers
// each, the guards that keep an instance loaded while a request is inside it,
// and the bounds on how much an endpoint may take.
package registry
