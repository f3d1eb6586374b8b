package discue

import (
	"context"
	"errors"
	"iter"
)

// Queues are what messages are posted to.
type Queues struct{ c *Client }

// Create makes a queue.
func (q *Queues) Create(ctx context.Context, queue CreateQueueRequest, options ...CallOption) (Queue, error) {
	var answer QueueEnvelope
	err := q.c.create(ctx, "/queues", queue, &answer, options)
	return answer.Queue, err
}

// Ensure is the queue of this name, made where there is none.
func (q *Queues) Ensure(ctx context.Context, name string) (Queue, error) {
	found, err := q.named(ctx, name)
	if err != nil || found != nil {
		return value(found), err
	}
	made, err := q.Create(ctx, CreateQueueRequest{Name: name})
	if !errors.Is(err, ErrValidation) {
		return made, err
	}
	// Another process was faster, or the name is none.
	found, findingErr := q.named(ctx, name)
	if findingErr != nil || found == nil {
		return Queue{}, errors.Join(err, findingErr)
	}
	return *found, nil
}

// Get reads a queue.
func (q *Queues) Get(ctx context.Context, id string) (Queue, error) {
	path, err := pathOf("queues", id)
	if err != nil {
		return Queue{}, err
	}
	var answer QueueEnvelope
	err = q.c.get(ctx, path, &answer)
	return answer.Queue, err
}

// List is all queues.
func (q *Queues) List(ctx context.Context) iter.Seq2[Queue, error] {
	return listed[Queue](ctx, q.c, "/queues", "queues", nil)
}

// Update changes what is given.
func (q *Queues) Update(ctx context.Context, id string, changes UpdateQueueRequest) (Queue, error) {
	path, err := pathOf("queues", id)
	if err != nil {
		return Queue{}, err
	}
	var answer QueueEnvelope
	err = q.c.call(ctx, request{method: "PATCH", path: path, body: changes}, &answer)
	return answer.Queue, err
}

// Delete deletes a queue with all that is in it.
func (q *Queues) Delete(ctx context.Context, id string) error {
	path, err := pathOf("queues", id)
	if err != nil {
		return err
	}
	return q.c.delete(ctx, path)
}

func (q *Queues) named(ctx context.Context, name string) (*Queue, error) {
	for queue, err := range q.List(ctx) {
		if err != nil {
			return nil, err
		}
		if queue.Name == name {
			return &queue, nil
		}
	}
	return nil, nil
}

func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
