package export

/*
#include "edge_gateway_email.h"
*/
import "C"

import (
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// email is eg.email/1.
type email struct{ service }

func (e email) Send(m edge.Message, in backend.SQL) (id string, err error) {
	var loan loan
	defer loan.end()
	args := C.eg_email_message{
		struct_size: C.sizeof_eg_email_message, from: loan.textOrAbsent(m.From), subject: loan.text(m.Subject),
		text: loan.textOrAbsent(m.Text), html: loan.textOrAbsent(m.HTML),
	}
	args.to, args.to_count = lendTexts(&loan, m.To)
	args.cc, args.cc_count = lendTexts(&loan, m.Cc)
	args.bcc, args.bcc_count = lendTexts(&loan, m.Bcc)
	args.reply_to, args.reply_to_count = lendTexts(&loan, m.ReplyTo)
	attachments := make([]C.eg_email_attachment, len(m.Attachments))
	for i, a := range m.Attachments {
		attachments[i] = C.eg_email_attachment{
			name: loan.text(a.Name), content_type: loan.textOrAbsent(a.ContentType),
			content: loan.bytes(a.Content), content_id: loan.textOrAbsent(a.ContentID),
		}
	}
	args.attachments, args.attachment_count = lendList(&loan, attachments), C.uint64_t(len(attachments))
	if database, ok := in.(sql); ok {
		args.transaction = database.table
	}
	err = e.run(C.EG_EMAIL_SEND, lend(&loan, args), func(result unsafe.Pointer) {
		id = string(view((*C.eg_email_accepted)(result).message_id))
	})
	return id, err
}

func (e email) State(id string) (delivery *edge.Delivery, err error) {
	var loan loan
	defer loan.end()
	err = e.run(C.EG_EMAIL_STATE, lend(&loan, C.eg_email_query{
		struct_size: C.sizeof_eg_email_query, message_id: loan.text(id),
	}), func(result unsafe.Pointer) {
		s := (*C.eg_email_state)(result)
		delivery = &edge.Delivery{
			State: edge.DeliveryState(s.state), Attempts: int(s.attempts),
			Accepted: moment(s.accepted), Next: moment(s.next), Reason: string(view(s.reason)),
		}
	})
	return delivery, err
}

// The numbers of package edge are those of the header.
var (
	_ = [1]struct{}{}[C.EG_EMAIL_QUEUED-edge.Queued]
	_ = [1]struct{}{}[C.EG_EMAIL_DELIVERED-edge.Delivered]
	_ = [1]struct{}{}[C.EG_EMAIL_FAILED-edge.Failed]
)
