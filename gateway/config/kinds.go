package config

// Kinds lists every kind of service with its drivers and their options: what a
// configuration is checked against, and what the documentation shows.
var Kinds = []Kind{sqlKind, cacheKind, storageKind, emailKind, httpKind}
