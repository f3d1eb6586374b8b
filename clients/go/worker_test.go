package discue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"discue"
)

type pulled struct {
	client              *discue.Client
	queueID, listenerID string
}

func newPulled(t *testing.T) pulled {
	t.Helper()
	client := newClient(t)
	queue := newQueue(t, client)
	retry := discue.RetryChange{InitialDelay: discue.Ptr(int64(10)), MaxDelay: discue.Ptr(int64(10))}
	asked := discue.CreateListenerRequest{Name: "worker", Retry: &retry}
	listener := must(client.Listeners.Create(t.Context(), queue.ID, asked))(t)
	return pulled{client, queue.ID, listener.ID}
}

func (p pulled) acknowledged(t *testing.T) int64 {
	return must(p.client.Listeners.Get(t.Context(), p.queueID, p.listenerID))(t).Messages.AcknowledgedCount
}

// start runs a worker until stop is called, which waits for its end.
func (p pulled) start(t *testing.T, worker discue.PullWorker) (stop func()) {
	worker.Client, worker.QueueID, worker.ListenerID = p.client, p.queueID, p.listenerID
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (p pulled) again(t *testing.T) []discue.PulledMessage {
	ask := discue.PullMessagesRequest{Wait: discue.Ptr(int64(5_000))}
	return must(p.client.Leases.Pull(t.Context(), p.queueID, p.listenerID, ask))(t)
}

func TestAWorkerHandlesWhatWaitsSideBySideAndGivesBackWhatFails(t *testing.T) {
	at := newPulled(t)
	var mutex sync.Mutex
	seen, errs := map[string]int{}, []string{}
	together := make(chan struct{}, 5)
	now := time.Duration(0)
	stop := at.start(t, discue.PullWorker{
		Concurrency: 5,
		RetryDelay:  func(error, discue.PulledMessage) *time.Duration { return &now },
		OnError: func(err error) {
			mutex.Lock()
			defer mutex.Unlock()
			errs = append(errs, err.Error()[:12])
		},
		Handle: func(ctx context.Context, message discue.PulledMessage) error {
			mutex.Lock()
			seen[message.Data]++
			times, all := seen[message.Data], len(seen)
			mutex.Unlock()
			if all <= 5 && times == 1 {
				// Passed by five at a time only.
				together <- struct{}{}
				for len(together) < 5 && ctx.Err() == nil {
					time.Sleep(time.Millisecond)
				}
			}
			if message.Data == "7" && times == 1 {
				return errors.New("again, please")
			}
			if message.Data == "8" && times == 1 {
				panic("again, please")
			}
			return nil
		},
	})
	var batch []discue.CreateMessageRequest
	for number := range 40 {
		batch = append(batch, discue.CreateMessageRequest{Data: discue.Ptr(fmt.Sprint(number))})
	}
	must(at.client.Messages.SendAll(t.Context(), at.queueID, batch))(t)
	waitFor(t, "40 acknowledged messages", func() bool { return at.acknowledged(t) == 40 })
	stop()
	if seen["7"] != 2 || seen["8"] != 2 || len(seen) != 40 || len(errs) != 2 {
		t.Fatal(seen, errs)
	}
}

func TestAWorkerKeepsAMessagePastTheTimeOfItsLease(t *testing.T) {
	at := newPulled(t)
	attempts := make(chan error, 10)
	stop := at.start(t, discue.PullWorker{
		Lease: time.Second,
		Handle: func(ctx context.Context, _ discue.PulledMessage) error {
			time.Sleep(2500 * time.Millisecond)
			attempts <- ctx.Err()
			return nil
		},
	})
	must(at.client.Messages.SendJSON(t.Context(), at.queueID, "slow"))(t)
	waitFor(t, "the acknowledged message", func() bool { return at.acknowledged(t) == 1 })
	stop()
	if len(attempts) != 1 || <-attempts != nil {
		t.Fatal("it came again, or was told to end")
	}
}

func TestAHandlerWhoseLeaseWasLostIsToldAndItsAcknowledgementDoesNotCount(t *testing.T) {
	at := newPulled(t)
	told := make(chan error, 10)
	stop := at.start(t, discue.PullWorker{
		Lease:   time.Second,
		OnError: func(error) {},
		Handle: func(ctx context.Context, message discue.PulledMessage) error {
			if message.Attempt > 1 {
				return nil
			}
			// Another client says that it failed: from then on the lease is none.
			returned := discue.ReturnMessagesRequest{Receipts: []string{message.Receipt}, Delay: discue.Ptr(int64(0))}
			if _, err := at.client.Leases.Nack(ctx, at.queueID, at.listenerID, returned); err != nil {
				return err
			}
			<-ctx.Done()
			told <- context.Cause(ctx)
			return nil
		},
	})
	must(at.client.Messages.SendJSON(t.Context(), at.queueID, "stolen"))(t)
	select {
	case cause := <-told:
		if cause.Error() != "discue: the lease is over" {
			t.Fatal(cause)
		}
	case <-time.After(patience):
		t.Fatal("the handler was not told")
	}
	waitFor(t, "the acknowledged message", func() bool { return at.acknowledged(t) == 1 })
	stop()
}

func TestAStopGivesBackWhatIsNotFinishedByThen(t *testing.T) {
	at := newPulled(t)
	began := make(chan struct{}, 10)
	stop := at.start(t, discue.PullWorker{
		Grace: 10 * time.Millisecond,
		Handle: func(context.Context, discue.PulledMessage) error {
			began <- struct{}{}
			select {}
		},
	})
	must(at.client.Messages.Send(t.Context(), at.queueID, discue.CreateMessageRequest{Data: discue.Ptr("endless")}))(t)
	select {
	case <-began:
	case <-time.After(patience):
		t.Fatal("it did not begin")
	}
	stop()
	again := at.again(t)
	if len(again) != 1 || again[0].Data != "endless" || again[0].Attempt != 2 {
		t.Fatalf("%+v", again)
	}
}
