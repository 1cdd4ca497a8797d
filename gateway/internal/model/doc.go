// Package model has the nouns of the control plane, as its API speaks of them:
// what an endpoint, a version, a build or a key is, and what can be wrong.
//
// They are values. The state stores them, control changes them, the API shows
// them and the command line reads them back; none of them does anything.
package model
