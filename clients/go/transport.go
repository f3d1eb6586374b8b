package discue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// call sends it until it is answered, as often as that is safe, and reads the answer's JSON into answer unless that is nil.
func (c *Client) call(ctx context.Context, r request, answer any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("discue: %s %s: %w", r.method, r.path, err)
		}
	}
	for repetitions := 0; ; repetitions++ {
		failed := c.try(ctx, r, body, answer)
		if failed == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// What is not there any more was deleted by an earlier try, whose answer was lost.
		if r.method == "DELETE" && repetitions > 0 && failed.status == http.StatusNotFound {
			return nil
		}
		delay, isWorthIt := failed.delay(repetitions)
		if !isWorthIt || !r.mayRepeat() || repetitions >= c.retries {
			return failed.err
		}
		if err := pause(ctx, delay); err != nil {
			return err
		}
	}
}

// try reads the whole answer: it may break off as the way to it may, or never end.
func (c *Client) try(ctx context.Context, r request, body []byte, answer any) *failure {
	timeout := c.timeout + r.wait
	trying, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response, err := c.send(trying, r, body)
	if err == nil {
		defer response.Body.Close()
		var text []byte
		if text, err = io.ReadAll(response.Body); err == nil {
			if response.StatusCode/100 != 2 {
				return &failure{errorOf(response, text), response.StatusCode, response.Header.Get("retry-after")}
			}
			if answer == nil {
				return nil
			}
			if err = json.Unmarshal(text, answer); err == nil {
				return nil
			}
		}
	}
	why := "the server cannot be reached"
	if errors.Is(err, context.DeadlineExceeded) || trying.Err() != nil {
		why = fmt.Sprintf("no answer within %s", timeout)
	}
	return &failure{err: &ConnectionError{Method: r.method, Path: r.path, Why: why, Err: err}}
}

func (c *Client) send(ctx context.Context, r request, body []byte) (*http.Response, error) {
	address := c.url + "/v1" + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, address, reader)
	if err != nil {
		return nil, err
	}
	sent.Header.Set("X-API-Key", c.apiKey)
	sent.Header.Set("Accept", "application/json")
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if r.idempotencyKey != "" {
		sent.Header.Set("Idempotency-Key", r.idempotencyKey)
	}
	return c.http.Do(sent)
}

// pause lasts that long; a context that is done ends it with its cause.
func pause(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
