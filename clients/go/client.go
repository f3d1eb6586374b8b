// Package discue is a client of discue: sends messages, receives and verifies them, and works on what waits to be pulled.
package discue

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client is a client of a discue server. Its methods fail with *APIError, *ConnectionError, or the error of the context.
// What creates something carries an Idempotency-Key, so that a call which is tried again, here or by the caller with the
// same WithIdempotencyKey, creates it once. It may be used by many goroutines.
type Client struct {
	Queues    *Queues
	Listeners *Listeners
	Messages  *Messages
	Schedules *Schedules
	// Leases is for listeners that pull. PullWorker does all of it.
	Leases *Leases

	url     string
	apiKey  string
	timeout time.Duration
	retries int
	http    *http.Client
}

// Option is a setting of a client.
type Option func(*Client)

// WithTimeout is the time that one try has, 30 s unless told. A pull may wait for that long in addition.
func WithTimeout(timeout time.Duration) Option { return func(c *Client) { c.timeout = timeout } }

// WithRetries is how often a request is sent again that may be, 4 times unless told.
func WithRetries(retries int) Option { return func(c *Client) { c.retries = retries } }

// WithHTTPClient sends by this client. Redirects are not followed whatever it says: they would carry the API key away.
func WithHTTPClient(client *http.Client) Option { return func(c *Client) { c.http = client } }

// New is a client of the server at a URL such as http://127.0.0.1:3000.
func New(serverURL, apiKey string, options ...Option) (*Client, error) {
	parsed, err := url.Parse(serverURL)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return nil, errors.New("discue: the URL of the server must begin with http:// or https://, and name a host")
	}
	c := &Client{url: strings.TrimRight(serverURL, "/"), apiKey: apiKey, timeout: 30 * time.Second, retries: 4}
	c.http = http.DefaultClient
	for _, set := range options {
		set(c)
	}
	sending := *c.http
	sending.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &sending
	c.Queues, c.Listeners, c.Messages = &Queues{c}, &Listeners{c}, &Messages{c}
	c.Schedules, c.Leases = &Schedules{c}, &Leases{c}
	return c, nil
}

// CallOption is a setting of one call.
type CallOption func(*request)

// WithIdempotencyKey is that by which the server knows a repetition; one is made for each call that creates something.
func WithIdempotencyKey(key string) CallOption { return func(r *request) { r.idempotencyKey = key } }

// Do calls any operation of the API, by its path below /v1, such as /stats/messages. The body is sent as JSON unless it is
// nil; the answer is read into answer, which may be nil.
func (c *Client) Do(ctx context.Context, method, path string, body, answer any, options ...CallOption) error {
	return c.call(ctx, request{method: method, path: path, body: body}.with(options), answer)
}

func (c *Client) create(ctx context.Context, path string, body, answer any, options []CallOption) error {
	return c.call(ctx, request{method: "POST", path: path, body: body, idempotencyKey: rand.Text()}.with(options), answer)
}

func (c *Client) get(ctx context.Context, path string, answer any) error {
	return c.call(ctx, request{method: "GET", path: path}, answer)
}

func (c *Client) delete(ctx context.Context, path string) error {
	return c.call(ctx, request{method: "DELETE", path: path}, nil)
}
