package email

import (
	"errors"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/letter"
)

// Start implements abi.Service: it decodes the operation and submits it.
func (s *Service) Start(op *abi.Operation) {
	request, err := s.decode(op)
	if err != nil {
		if m := request.Send; m != nil && m.Transaction != nil {
			spoil(service.CallOf(op), m.Transaction)
		}
		service.Finish(op, nil, err)
		return
	}
	state := op.Code == abi.EmailStateOp
	op.Cancel = s.Submit(service.CallOf(op), request, func(r Result, err error) {
		switch {
		case err != nil:
			service.Finish(op, nil, err)
		case state:
			op.Finish(abi.OK, stateResult(r.State))
		default:
			op.Finish(abi.OK, acceptedResult(r.MessageID))
		}
	})
}

func (s *Service) decode(op *abi.Operation) (Request, error) {
	switch op.Code {
	case abi.EmailSendOp:
		args, err := abi.Load[abi.EmailMessage](op.Args)
		if err != nil {
			return Request{}, badArgs(err)
		}
		var transaction *service.Handle
		if args.Transaction != 0 {
			if transaction, err = decodeTransaction(op, args.Transaction); err != nil {
				return Request{}, err
			}
		}
		m, err := s.decodeMessage(args)
		m.Transaction = transaction
		return Request{Send: &m}, badArgs(err)
	case abi.EmailStateOp:
		args, err := abi.Load[abi.EmailQuery](op.Args)
		if err != nil {
			return Request{}, badArgs(err)
		}
		id, err := args.MessageID.Text(maxLine)
		return Request{State: id}, badArgs(err)
	}
	return Request{}, service.Errorf(abi.ErrUnsupported, "eg.email/1 has no operation %d", op.Code)
}

func decodeTransaction(op *abi.Operation, table uintptr) (*service.Handle, error) {
	found, _ := op.Lookup(table)
	binding, ok := found.(*service.Binding)
	if !ok {
		return nil, service.Errorf(abi.ErrInvalid, "transaction is not the table of a database")
	}
	return binding.Handle, nil
}

// decodeMessage copies what is short. Bodies and contents stay where they are:
// Submit has composed the mail when it returns.
func (s *Service) decodeMessage(args abi.EmailMessage) (m Message, err error) {
	most := uint64(s.settings.maxMessage)
	attached, err := abi.LoadList[abi.EmailAttachment](args.Attachments, args.AttachmentCount, letter.MaxAttachments)
	if err != nil {
		return m, err
	}
	size := sum(args.Text.Len, args.HTML.Len)
	for _, a := range attached {
		size = sum(size, a.Content.Len)
	}
	if size > most {
		return m, letter.TooLarge(s.settings.maxMessage)
	}
	r := reader{most: most}
	m = Message{
		From: r.line(args.From), Subject: r.line(args.Subject),
		To: r.lines(args.To, args.ToCount), Cc: r.lines(args.Cc, args.CcCount), Bcc: r.lines(args.Bcc, args.BccCount),
		ReplyTo: r.lines(args.ReplyTo, args.ReplyToCount),
		Text:    r.view(args.Text), HTML: r.view(args.HTML),
	}
	for _, a := range attached {
		m.Attachments = append(m.Attachments, Attachment{
			Name: r.line(a.Name), ContentType: r.line(a.ContentType), Content: r.view(a.Content), ContentID: r.line(a.ContentID),
		})
	}
	return m, r.err
}

// sum adds sizes that a library has given: it does not wrap around.
func sum(a, b uint64) uint64 {
	if a > ^b {
		return ^uint64(0)
	}
	return a + b
}

// reader reads bytes of a library and keeps the first error.
type reader struct {
	most uint64
	err  error
}

const maxLine = 8 << 10 // bytes of anything that goes into a header

func (r *reader) line(b abi.Bytes) string {
	text, err := b.Text(maxLine)
	r.keep(err)
	return text
}

func (r *reader) lines(list uintptr, count uint64) []string {
	items, err := abi.LoadList[abi.Bytes](list, count, letter.MaxRecipients)
	r.keep(err)
	texts := make([]string, len(items))
	for n, item := range items {
		texts[n] = r.line(item)
	}
	return texts
}

func (r *reader) view(b abi.Bytes) []byte {
	v, err := b.View(r.most)
	r.keep(err)
	return v
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// badArgs gives arguments that break a rule their status.
func badArgs(err error) error {
	if errors.Is(err, abi.ErrArgs) {
		return service.Errorf(abi.ErrInvalid, "an argument is missing, malformed or too long")
	}
	return err
}

// acceptedResult is eg_email_accepted.
type acceptedResult string

func (id acceptedResult) Space() int {
	return abi.SpaceOf[abi.EmailAccepted](1) + abi.SpaceFor(len(id))
}

func (id acceptedResult) Place(r *abi.Room) uintptr {
	return abi.Place(r, abi.EmailAccepted{StructSize: abi.StructSize[abi.EmailAccepted](), MessageID: r.Text(string(id))})
}

// stateResult is eg_email_state.
type stateResult State

func (s stateResult) Space() int {
	return abi.SpaceOf[abi.EmailState](1) + abi.SpaceFor(len(s.Reason))
}

func (s stateResult) Place(r *abi.Room) uintptr {
	state := abi.EmailState{
		StructSize: abi.StructSize[abi.EmailState](), State: uint32(s.Phase), Attempts: uint64(s.Attempts),
		Accepted: s.Accepted.UnixNano(), Reason: r.TextOrAbsent(s.Reason),
	}
	if !s.Next.IsZero() {
		state.Next = s.Next.UnixNano()
	}
	return abi.Place(r, state)
}
