package discue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

const (
	maxPulled    = 100
	pollTime     = 20 * time.Second
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
)

// PullWorker takes what waits for a listener that pulls, and acknowledges it once it is handled.
type PullWorker struct {
	Client              *Client
	QueueID, ListenerID string
	// Handle is what is to be done with a message. Where it fails or panics, the message is given back. Its context is done
	// where its lease is lost, and where the worker leaves.
	Handle func(ctx context.Context, message PulledMessage) error
	// Concurrency is messages at once, 10 where it is 0.
	Concurrency int
	// Lease is extended for as long as Handle takes; 30 s where it is 0.
	Lease time.Duration
	// Grace is how long what was begun may go on after a stop; 10 s where it is 0.
	Grace time.Duration
	// RetryDelay says when what was given back comes again; by the listener's retry policy where it is nil or answers nil.
	RetryDelay func(err error, message PulledMessage) *time.Duration
	// OnError is told of what Handle has failed with, and of calls that failed, which are tried again; without it slog is.
	OnError func(error)
}

var (
	errLeaseLost = errors.New("discue: the lease is over")
	errLeaving   = errors.New("discue: the worker leaves")
)

// running is what one Run has begun.
type running struct {
	*PullWorker
	mutex sync.Mutex
	// What is handled at this moment, by its receipt.
	handled map[string]context.CancelCauseFunc
	// One is there for each message that may be begun.
	room chan struct{}
	all  sync.WaitGroup
	// Calls outlive the stop: what was begun is settled.
	calling context.Context
}

// Run works until the context is done. It returns when everything that was begun has come to an end: after Grace handlers
// are told, and what they have not finished is given back at once; one that does not look at its context is left behind.
func (w *PullWorker) Run(ctx context.Context) {
	concurrency := orDefault(w.Concurrency, 10)
	r := &running{PullWorker: w, handled: map[string]context.CancelCauseFunc{}, calling: context.WithoutCancel(ctx)}
	r.room = make(chan struct{}, concurrency)
	keeping, endKeeping := context.WithCancel(r.calling)
	var keeper sync.WaitGroup
	keeper.Go(func() { r.keepLeases(keeping) })
	r.take(ctx)
	r.leave()
	endKeeping()
	keeper.Wait()
}

func (r *running) take(ctx context.Context) {
	pauseTime := firstPause
	for ctx.Err() == nil {
		count, err := r.pull(ctx)
		if err == nil {
			pauseTime = firstPause
			continue
		}
		if ctx.Err() != nil {
			return
		}
		report(r.OnError, fmt.Errorf("after %d messages: %w", count, err))
		if pause(ctx, pauseTime) != nil {
			return
		}
		pauseTime = min(pauseTime*2, longestPause)
	}
}

// pull begins as many messages as there is room for, once there is room for one.
func (r *running) pull(ctx context.Context) (int, error) {
	select {
	case r.room <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	taken := 1
	for taken < min(cap(r.room), maxPulled) && r.takeRoom() {
		taken++
	}
	lease := r.lease().Milliseconds()
	ask := PullMessagesRequest{Max: Ptr(int64(taken)), Wait: Ptr(pollTime.Milliseconds()), Lease: &lease}
	messages, err := r.Client.Leases.Pull(ctx, r.QueueID, r.ListenerID, ask)
	for range taken - len(messages) {
		<-r.room
	}
	for _, message := range messages {
		r.begin(message)
	}
	return len(messages), err
}

func (r *running) takeRoom() bool {
	select {
	case r.room <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *running) begin(message PulledMessage) {
	handling, cancel := context.WithCancelCause(r.calling)
	r.mutex.Lock()
	r.handled[message.Receipt] = cancel
	r.mutex.Unlock()
	r.all.Go(func() {
		done := make(chan error, 1)
		go func() { done <- r.handle(handling, message) }()
		var err error
		select {
		case err = <-done:
		case <-handling.Done():
			// A handler that does not look at its context keeps nothing waiting.
			err = context.Cause(handling)
		}
		r.settle(handling, message, err)
		r.mutex.Lock()
		delete(r.handled, message.Receipt)
		r.mutex.Unlock()
		cancel(nil)
		<-r.room
	})
}

func (r *running) handle(ctx context.Context, message PulledMessage) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("discue: the handler panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	return r.Handle(ctx, message)
}

func (r *running) settle(handling context.Context, message PulledMessage, failed error) {
	cause := context.Cause(handling)
	if failed != nil && !errors.Is(cause, errLeaving) {
		report(r.OnError, failed)
	}
	if errors.Is(cause, errLeaseLost) {
		// It is another client's by now: nothing that is said of it would count.
		return
	}
	var err error
	if failed == nil {
		_, err = r.Client.Leases.Ack(r.calling, r.QueueID, r.ListenerID, message.Receipt)
	} else {
		returned := ReturnMessagesRequest{Receipts: []string{message.Receipt}, Delay: r.delay(cause, failed, message)}
		_, err = r.Client.Leases.Nack(r.calling, r.QueueID, r.ListenerID, returned)
	}
	if err != nil {
		// The lease runs out, and the message comes again.
		report(r.OnError, err)
	}
}

func (r *running) delay(cause, failed error, message PulledMessage) *int64 {
	if errors.Is(cause, errLeaving) {
		return Ptr(int64(0))
	}
	if r.RetryDelay == nil {
		return nil
	}
	if delay := r.RetryDelay(failed, message); delay != nil {
		return Ptr(delay.Milliseconds())
	}
	return nil
}

func (r *running) leave() {
	timer := time.AfterFunc(orDefault(r.Grace, 10*time.Second), func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		for _, cancel := range r.handled {
			cancel(errLeaving)
		}
	})
	defer timer.Stop()
	r.all.Wait()
}

// keepLeases extends all leases each third of their time, and tells handlers whose lease is lost.
func (r *running) keepLeases(ctx context.Context) {
	for pause(ctx, r.lease()/3) == nil {
		r.mutex.Lock()
		receipts := slices.Collect(maps.Keys(r.handled))
		r.mutex.Unlock()
		for some := range slices.Chunk(receipts, maxPulled) {
			r.extend(ctx, some)
		}
	}
}

func (r *running) extend(ctx context.Context, receipts []string) {
	ask := ExtendLeasesRequest{Receipts: receipts, Lease: r.lease().Milliseconds()}
	answer, err := r.Client.Leases.Extend(ctx, r.QueueID, r.ListenerID, ask)
	if err != nil {
		if ctx.Err() == nil {
			report(r.OnError, err)
		}
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, receipt := range answer.Lost {
		if cancel := r.handled[receipt]; cancel != nil {
			cancel(errLeaseLost)
		}
	}
}

func (r *running) lease() time.Duration { return orDefault(r.Lease, 30*time.Second) }

func orDefault[T comparable](given, otherwise T) T {
	var zero T
	if given == zero {
		return otherwise
	}
	return given
}
