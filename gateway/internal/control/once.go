package control

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Once runs do, unless the same actor has had it run under the same key within
// a day: then it gives the answer of that time. request tells apart what the
// key is used for; another one under the same key is an error. Two at a time
// run one after the other. What fails is not remembered, and may be tried again.
func (c *Control) Once(ctx context.Context, key, request string, do func() (answer []byte, err error)) (answer []byte, err error) {
	if len(key) > 255 {
		return nil, model.Errorf(model.Invalid, "an idempotency key has at most 255 bytes")
	}
	actor := model.ActorOf(ctx).Name
	release, err := c.answers.take(ctx, actor+"\x00"+key)
	if err != nil {
		return nil, err
	}
	defer release()
	var before state.Answer
	var found bool
	err = c.state.View(ctx, func(tx *state.Tx) error {
		before, found, err = tx.Answer(actor, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	if found && before.Request != request {
		return nil, model.Errorf(model.Conflict, "the idempotency key was used for another request already")
	}
	if found {
		return before.Answer, nil
	}
	if answer, err = do(); err != nil {
		return nil, err
	}
	err = c.state.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error {
		return tx.PutAnswer(actor, key, state.Answer{Request: request, Answer: answer})
	})
	if err != nil {
		// It was done, and whoever asked is to know.
		c.log.Error("an answer could not be kept for its idempotency key", "error", err)
	}
	return answer, nil
}
