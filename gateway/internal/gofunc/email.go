package gofunc

import (
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// mailing runs the operations of an email service.
type mailing struct{ lent[*email.Service] }

func (s *services) Email(name string) (edge.Email, error) {
	l, err := lend[*email.Service](s, name)
	if err != nil {
		return nil, err
	}
	return backend.NewEmail(mailing{l}), nil
}

func (m mailing) do(r email.Request) (email.Result, error) {
	return await(m.lent, edge.ErrDeadline, func(s *email.Service, call service.Call, done func(email.Result, error)) func() {
		return s.Submit(call, r, done)
	})
}

func (m mailing) Send(message edge.Message, in backend.SQL) (string, error) {
	mail := &email.Message{
		From: message.From, To: message.To, Cc: message.Cc, Bcc: message.Bcc, ReplyTo: message.ReplyTo, Subject: message.Subject,
	}
	if message.Text != "" {
		mail.Text = []byte(message.Text)
	}
	if message.HTML != "" {
		mail.HTML = []byte(message.HTML)
	}
	for _, a := range message.Attachments {
		mail.Attachments = append(mail.Attachments, email.Attachment{Name: a.Name, ContentType: a.ContentType, Content: a.Content, ContentID: a.ContentID})
	}
	if database, ok := in.(interface{ binding() *service.Handle }); ok {
		mail.Transaction = database.binding()
	}
	result, err := m.do(email.Request{Send: mail})
	return result.MessageID, err
}

func (m mailing) State(id string) (*edge.Delivery, error) {
	result, err := m.do(email.Request{State: id})
	if err != nil {
		return nil, err
	}
	state := result.State
	return &edge.Delivery{
		State: edge.DeliveryState(state.Phase), Attempts: state.Attempts,
		Accepted: state.Accepted, Next: state.Next, Reason: state.Reason,
	}, nil
}
