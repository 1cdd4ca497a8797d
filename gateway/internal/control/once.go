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
//
// That the key was used is written down with the change that do makes with its
// context, so that a kill before the answer is kept does not have it run twice.
func (c *Control) Once(ctx context.Context, key, request string, do func(context.Context) (answer []byte, err error)) (answer []byte, err error) {
	if len(key) > 255 {
		return nil, model.Errorf(model.Invalid, "an idempotency key has at most 255 bytes")
	}
	use := &keyUse{actor: model.ActorOf(ctx).Name, key: key, request: request}
	release, err := c.answers.take(ctx, use.actor+"\x00"+key)
	if err != nil {
		return nil, err
	}
	defer release()
	var before state.Answer
	var found bool
	err = c.state.View(ctx, func(tx *state.Tx) error {
		before, found, err = tx.Answer(use.actor, key)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case found && before.Request != request:
		return nil, model.Errorf(model.Conflict, "the idempotency key was used for another request already")
	case found && len(before.Answer) == 0:
		return nil, model.Errorf(model.Conflict, "the request with this idempotency key was done, and the gateway ended before it could answer: see what there is")
	case found:
		return before.Answer, nil
	}
	answer, err = do(context.WithValue(ctx, keyUseKey{}, use))
	after := func(tx *state.Tx) error {
		return tx.PutAnswer(use.actor, key, state.Answer{Request: request, Answer: answer})
	}
	if err != nil {
		if !use.noted {
			return nil, err
		}
		after = func(tx *state.Tx) error { return tx.DeleteAnswer(use.actor, key) }
	}
	if problem := c.state.Update(context.WithoutCancel(ctx), after); problem != nil {
		// It was done, or not, and whoever asked is to know.
		c.log.Error("an answer could not be kept for its idempotency key", "error", problem)
	}
	return answer, err
}

// keyUse is the use of an idempotency key by what is done with a context.
type keyUse struct {
	actor, key, request string
	noted               bool // in a transaction, which may have failed
}

type keyUseKey struct{}

// noteKeyUse writes down, in the transaction of a change, which idempotency key
// it was made under. There is no answer yet.
func noteKeyUse(ctx context.Context, tx *state.Tx) error {
	use, ok := ctx.Value(keyUseKey{}).(*keyUse)
	if !ok {
		return nil
	}
	use.noted = true
	return tx.PutAnswer(use.actor, use.key, state.Answer{Request: use.request})
}
