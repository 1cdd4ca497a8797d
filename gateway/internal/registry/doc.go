// Package registry keeps what is loaded: endpoints, the instances that answer
// each, the guards that keep an instance loaded while a request is inside it,
// what is counted of each version, and the bounds on how much an endpoint may
// take.
package registry
