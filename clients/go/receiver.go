package discue

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// The server allows 256 KiB of data.
const maxBodyBytes = 1024 * 1024

// Receiver is an http.Handler that takes deliveries: verifies them, knows repetitions, and answers with what came of
// handling them.
type Receiver struct {
	Verifier
	// Handle is what is to be done with a message. Where it fails, the message comes again by the listener's retry policy.
	Handle func(ctx context.Context, delivery Delivery) error
	// Deduplication, where there is one, has a message that was handled acknowledged and not handled again.
	Deduplication DeduplicationStore
	// OnError is told of what Handle has failed with, and of requests that are no deliveries; without it slog is.
	OnError func(error)
}

// ServeHTTP answers 204 to what was handled, 400 to what is no delivery, and 500 to what failed.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxBodyBytes+1))
	if err != nil {
		// The sender hung up before it was all there, and hears no answer.
		r.report(err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(body) > maxBodyBytes {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	status, err := r.receive(request.Context(), request.Header, body)
	if err != nil {
		r.report(err)
	}
	if status == http.StatusConflict {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
}

func (r *Receiver) receive(ctx context.Context, header http.Header, body []byte) (int, error) {
	delivery, err := r.Verify(header, body)
	switch {
	case errors.Is(err, ErrNotSigned), errors.Is(err, ErrTooOld), errors.Is(err, ErrMismatch):
		return http.StatusBadRequest, err
	case err != nil:
		return http.StatusInternalServerError, err
	case delivery.IsTest:
		return http.StatusNoContent, nil
	}
	if r.Deduplication == nil {
		return statusOf(r.Handle(ctx, delivery))
	}
	state, err := r.Deduplication.Begin(ctx, delivery.ID)
	switch {
	case err != nil:
		return http.StatusInternalServerError, err
	case state == MessageDone:
		return http.StatusNoContent, nil
	case state == MessageRunning:
		// It may still fail, so that it has to come again.
		return http.StatusConflict, nil
	}
	return statusOf(r.handleOnce(ctx, delivery))
}

// handleOnce notes what became of it, also where the sender waits no longer, and where the handler panics.
func (r *Receiver) handleOnce(ctx context.Context, delivery Delivery) (err error) {
	noting := context.WithoutCancel(ctx)
	isDone := false
	defer func() {
		if !isDone {
			// Where even that fails, the message is tried again as one that runs.
			err = errors.Join(err, r.Deduplication.Abandon(noting, delivery.ID))
		}
	}()
	if err := r.Handle(ctx, delivery); err != nil {
		return err
	}
	if err := r.Deduplication.Finish(noting, delivery.ID); err != nil {
		return err
	}
	isDone = true
	return nil
}

func statusOf(err error) (int, error) {
	if err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusNoContent, nil
}

func (r *Receiver) report(err error) { report(r.OnError, err) }

func report(onError func(error), err error) {
	if onError == nil {
		slog.Error("discue", "error", err)
		return
	}
	onError(err)
}
