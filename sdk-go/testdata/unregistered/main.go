// Unregistered forgets to hand a handler over.
package main

import _ "github.com/edge-gateway/edge-gateway/sdk-go/export"

func main() {}
