package discue

import (
	"context"
	"iter"
)

// Schedules make messages again and again.
type Schedules struct{ c *Client }

// Create makes a schedule, with one of Cron, Every and At.
func (s *Schedules) Create(
	ctx context.Context, queueID string, schedule CreateScheduleRequest, options ...CallOption,
) (Schedule, error) {
	path, err := pathOf("queues", queueID, "schedules")
	if err != nil {
		return Schedule{}, err
	}
	var answer ScheduleEnvelope
	err = s.c.create(ctx, path, schedule, &answer, options)
	return answer.Schedule, err
}

// Get reads a schedule.
func (s *Schedules) Get(ctx context.Context, queueID, id string) (Schedule, error) {
	path, err := pathOf("queues", queueID, "schedules", id)
	if err != nil {
		return Schedule{}, err
	}
	var answer ScheduleEnvelope
	err = s.c.get(ctx, path, &answer)
	return answer.Schedule, err
}

// List is all schedules of a queue.
func (s *Schedules) List(ctx context.Context, queueID string) iter.Seq2[Schedule, error] {
	path, err := pathOf("queues", queueID, "schedules")
	if err != nil {
		return failing[Schedule](err)
	}
	return listed[Schedule](ctx, s.c, path, "schedules", nil)
}

// Update changes what is given.
func (s *Schedules) Update(
	ctx context.Context, queueID, id string, changes UpdateScheduleRequest,
) (Schedule, error) {
	path, err := pathOf("queues", queueID, "schedules", id)
	if err != nil {
		return Schedule{}, err
	}
	var answer ScheduleEnvelope
	err = s.c.call(ctx, request{method: "PATCH", path: path, body: changes}, &answer)
	return answer.Schedule, err
}

// Delete deletes a schedule; the messages that it has made stay.
func (s *Schedules) Delete(ctx context.Context, queueID, id string) error {
	path, err := pathOf("queues", queueID, "schedules", id)
	if err != nil {
		return err
	}
	return s.c.delete(ctx, path)
}
