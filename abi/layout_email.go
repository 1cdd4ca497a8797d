package abi

// edge_gateway_email.h: the structs field for field, see layout.go.

// EmailID is the id of the service.
const EmailID = "eg.email/1"

// Operations, as the header has them.
const (
	EmailSendOp  = 1
	EmailStateOp = 2
)

// Values of fields, as the header has them.
const (
	EmailQueued    = 1
	EmailDelivered = 2
	EmailFailed    = 3
)

// EmailAttachment is eg_email_attachment.
type EmailAttachment struct {
	Name        Bytes
	ContentType Bytes
	Content     Bytes
	ContentID   Bytes
}

// EmailMessage is eg_email_message.
type EmailMessage struct {
	StructSize      uint32
	Reserved        uint32
	From            Bytes
	To              uintptr
	ToCount         uint64
	Cc              uintptr
	CcCount         uint64
	Bcc             uintptr
	BccCount        uint64
	ReplyTo         uintptr
	ReplyToCount    uint64
	Subject         Bytes
	Text            Bytes
	HTML            Bytes
	Attachments     uintptr
	AttachmentCount uint64
	Transaction     uintptr
}

// EmailAccepted is eg_email_accepted.
type EmailAccepted struct {
	StructSize uint32
	Reserved   uint32
	MessageID  Bytes
}

// EmailQuery is eg_email_query.
type EmailQuery struct {
	StructSize uint32
	Reserved   uint32
	MessageID  Bytes
}

// EmailState is eg_email_state.
type EmailState struct {
	StructSize uint32
	State      uint32
	Attempts   uint64
	Accepted   int64
	Next       int64
	Reason     Bytes
}
