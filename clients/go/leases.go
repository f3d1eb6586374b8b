package discue

import (
	"context"
	"time"
)

// Leases are for listeners that pull. PullWorker does all of it.
type Leases struct{ c *Client }

// Pull takes up to Max messages, which are this client's until their lease ends. Where there is none, it waits.
func (l *Leases) Pull(ctx context.Context, queueID, listenerID string, ask PullMessagesRequest) ([]PulledMessage, error) {
	var answer PullMessagesResult
	wait := time.Duration(value(ask.Wait)) * time.Millisecond
	// A second pull takes other messages; what the first one took comes again when its lease is over.
	err := l.settle(ctx, []string{queueID, listenerID, "pull"}, wait, ask, &answer)
	return answer.Messages, err
}

// Ack says that messages were handled.
func (l *Leases) Ack(
	ctx context.Context, queueID, listenerID string, receipts ...string,
) (AcknowledgeMessagesResult, error) {
	var answer AcknowledgeMessagesResult
	body := AcknowledgeMessagesRequest{Receipts: receipts}
	err := l.settle(ctx, []string{queueID, listenerID, "ack"}, 0, body, &answer)
	return answer, err
}

// Nack gives messages back, to come again after Delay, or by the retry policy.
func (l *Leases) Nack(
	ctx context.Context, queueID, listenerID string, returned ReturnMessagesRequest,
) (ReturnMessagesResult, error) {
	var answer ReturnMessagesResult
	err := l.settle(ctx, []string{queueID, listenerID, "nack"}, 0, returned, &answer)
	return answer, err
}

// Extend has leases begin anew.
func (l *Leases) Extend(
	ctx context.Context, queueID, listenerID string, extended ExtendLeasesRequest,
) (ExtendLeasesResult, error) {
	var answer ExtendLeasesResult
	err := l.settle(ctx, []string{queueID, listenerID, "extend"}, 0, extended, &answer)
	return answer, err
}

func (l *Leases) settle(ctx context.Context, at []string, wait time.Duration, body, answer any) error {
	path, err := pathOf("queues", at[0], "listeners", at[1], at[2])
	if err != nil {
		return err
	}
	return l.c.call(ctx, request{method: "POST", path: path, body: body, isRepeatable: true, wait: wait}, answer)
}
