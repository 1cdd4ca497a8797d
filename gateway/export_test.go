package gateway

// Frames counts the frames lent to requests.
func (g *Gateway) Frames() int { return g.memory.InFlight() }
