package discue

import (
	"context"
	"iter"
)

// Listeners get each message of their queue.
type Listeners struct{ c *Client }

// Create makes a listener. Its Secret verifies its deliveries, and is shown this once: it is empty where the first answer
// was lost.
func (l *Listeners) Create(
	ctx context.Context, queueID string, listener CreateListenerRequest, options ...CallOption,
) (CreatedListener, error) {
	path, err := pathOf("queues", queueID, "listeners")
	if err != nil {
		return CreatedListener{}, err
	}
	var answer CreateListenerResult
	err = l.c.create(ctx, path, listener, &answer, options)
	return answer.Listener, err
}

// Get reads a listener.
func (l *Listeners) Get(ctx context.Context, queueID, id string) (Listener, error) {
	path, err := pathOf("queues", queueID, "listeners", id)
	if err != nil {
		return Listener{}, err
	}
	var answer ListenerEnvelope
	err = l.c.get(ctx, path, &answer)
	return answer.Listener, err
}

// List is all listeners of a queue.
func (l *Listeners) List(ctx context.Context, queueID string) iter.Seq2[Listener, error] {
	path, err := pathOf("queues", queueID, "listeners")
	if err != nil {
		return failing[Listener](err)
	}
	return listed[Listener](ctx, l.c, path, "listeners", nil)
}

// Update changes what is given. With a Secret of "rotate" the answer holds the new one; that is not tried again, because
// each time makes another.
func (l *Listeners) Update(
	ctx context.Context, queueID, id string, changes UpdateListenerRequest,
) (ListenerWithSecret, error) {
	path, err := pathOf("queues", queueID, "listeners", id)
	if err != nil {
		return ListenerWithSecret{}, err
	}
	var answer ListenerWithSecretEnvelope
	rotates := changes.Secret != nil && *changes.Secret == "rotate"
	err = l.c.call(ctx, request{method: "PATCH", path: path, body: changes, isUnrepeatable: rotates}, &answer)
	return answer.Listener, err
}

// Delete deletes a listener; what it has not got by then it never gets.
func (l *Listeners) Delete(ctx context.Context, queueID, id string) error {
	path, err := pathOf("queues", queueID, "listeners", id)
	if err != nil {
		return err
	}
	return l.c.delete(ctx, path)
}
