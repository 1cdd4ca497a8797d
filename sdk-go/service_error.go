package edge

// ServiceError is why an operation of a service failed. It is for decisions of
// the handler and for the log, not for clients; no secret of the gateway's
// configuration is in it.
//
//	var failure *edge.ServiceError
//	switch {
//	case errors.Is(err, edge.ErrConflict): // by status alone
//	case errors.As(err, &failure) && failure.Code == "22012":
//	}
type ServiceError struct {
	Status   Status
	Message  string // a sentence; "" if there is none
	Code     string // the backend's own, such as the SQLSTATE "23505"; or ""
	Subject  string // what it is about: a constraint, a host; or ""
	Position int    // of the part at fault in a list, from 0
}

func (e *ServiceError) Error() string {
	if e.Message == "" {
		return e.Status.Error()
	}
	return e.Message
}

// Unwrap gives the status, for errors.Is and errors.As.
func (e *ServiceError) Unwrap() error { return e.Status }
