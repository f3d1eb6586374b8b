package discue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"discue"
)

const patience = 30 * time.Second

var queues atomic.Int64

// serverURL is of a server that whoever starts the tests has started.
func serverURL(t *testing.T) (string, string) {
	t.Helper()
	url, key := os.Getenv("DISCUE_URL"), os.Getenv("DISCUE_API_KEY")
	if url == "" || key == "" {
		t.Fatal("DISCUE_URL and DISCUE_API_KEY must name a server to test against")
	}
	return url, key
}

func newClient(t *testing.T, options ...discue.Option) *discue.Client {
	t.Helper()
	url, key := serverURL(t)
	return must(discue.New(url, key, options...))(t)
}

// newQueue is a queue of the test's own.
func newQueue(t *testing.T, client *discue.Client) discue.Queue {
	t.Helper()
	name := fmt.Sprintf("go-%d-%d", os.Getpid(), queues.Add(1))
	return must(client.Queues.Create(t.Context(), discue.CreateQueueRequest{Name: name}))(t)
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s did not come within %s", what, patience)
		}
	}
}

// losing sends requests, and loses the answers of some.
type losing struct {
	mutex    sync.Mutex
	requests []*http.Request
	lose     func(try int, send func() (*http.Response, error)) (*http.Response, error)
}

func (l *losing) RoundTrip(request *http.Request) (*http.Response, error) {
	l.mutex.Lock()
	l.requests = append(l.requests, request)
	try := len(l.requests)
	l.mutex.Unlock()
	return l.lose(try, func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(request) })
}

func (l *losing) methods() string {
	var methods []string
	for _, request := range l.requests {
		methods = append(methods, request.Method)
	}
	return strings.Join(methods, " ")
}

func by(transport http.RoundTripper) discue.Option {
	return discue.WithHTTPClient(&http.Client{Transport: transport})
}

// firstLost does what is asked first, and loses the answer.
func firstLost(try int, send func() (*http.Response, error)) (*http.Response, error) {
	response, err := send()
	if err != nil || try > 1 {
		return response, err
	}
	response.Body.Close()
	return nil, errors.New("the connection broke")
}

func answer(status int, body string) *http.Response {
	header := http.Header{"Retry-After": {"0"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func TestMakesFindsChangesAndDeletesWhatThereIs(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	if same := must(client.Queues.Ensure(ctx, queue.Name))(t); same.ID != queue.ID {
		t.Fatalf("%s is not %s", same.ID, queue.ID)
	}
	asked := discue.CreateListenerRequest{Name: "shop", NotifyURL: discue.Value("http://127.0.0.1:9/")}
	listener := must(client.Listeners.Create(ctx, queue.ID, asked))(t)
	if !strings.HasPrefix(listener.Secret, "whsec_") {
		t.Fatalf("the secret is %q", listener.Secret)
	}
	limit := discue.RateLimit{Requests: 5, Per: 1000}
	limited := discue.UpdateListenerRequest{Timeout: discue.Ptr(int64(1000)), RateLimit: discue.Value(limit)}
	changed := must(client.Listeners.Update(ctx, queue.ID, listener.ID, limited))(t)
	if changed.Timeout != 1000 || changed.RateLimit == nil || *changed.RateLimit != limit {
		t.Fatalf("it is %+v", changed)
	}
	// What is left out stays, and null takes away.
	unlimited := discue.UpdateListenerRequest{RateLimit: discue.Null[discue.RateLimit]()}
	changed = must(client.Listeners.Update(ctx, queue.ID, listener.ID, unlimited))(t)
	if changed.Timeout != 1000 || changed.RateLimit != nil {
		t.Fatalf("it is %+v", changed)
	}
	daily := discue.CreateScheduleRequest{Name: "daily", Cron: discue.Ptr("0 6 * * *"), Data: discue.Ptr("x")}
	schedule := must(client.Schedules.Create(ctx, queue.ID, daily))(t)
	if got := must(client.Schedules.Get(ctx, queue.ID, schedule.ID))(t); len(got.NextRuns) != 5 {
		t.Fatalf("it is %+v", got)
	}
	pause := discue.UpdateScheduleRequest{Paused: discue.Ptr(true)}
	if paused := must(client.Schedules.Update(ctx, queue.ID, schedule.ID, pause))(t); !paused.Paused {
		t.Fatal("it is not paused")
	}
	sent := must(client.Messages.SendJSON(ctx, queue.ID, map[string]string{"order": "ünïcödé ✓"}))(t)
	if got := must(client.Messages.Get(ctx, sent.ID))(t); got.Data != `{"order":"ünïcödé ✓"}` {
		t.Fatalf("it is %q", got.Data)
	}
	for _, err := range []error{
		client.Schedules.Delete(ctx, queue.ID, schedule.ID),
		client.Queues.Delete(ctx, queue.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Queues.Get(ctx, queue.ID); !errors.Is(err, discue.ErrNotFound) {
		t.Fatalf("it is %v", err)
	}
}

func TestReadsListingsToTheirEndAndNoFurtherThanItIsAskedTo(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	var batch []discue.CreateMessageRequest
	for number := range 250 {
		batch = append(batch, discue.CreateMessageRequest{Data: discue.Ptr(fmt.Sprint(number))})
	}
	var sent, found []string
	for _, message := range must(client.Messages.SendAll(ctx, queue.ID, batch))(t) {
		sent = append(sent, message.ID)
	}
	for message, err := range client.Messages.List(ctx, queue.ID, discue.MessageFilter{}) {
		found = append(found, must(message, err)(t).ID)
	}
	slices.Sort(sent)
	slices.Sort(found)
	if !slices.Equal(sent, found) {
		t.Fatalf("found %d of %d", len(found), len(sent))
	}
	counting := &losing{lose: func(_ int, send func() (*http.Response, error)) (*http.Response, error) { return send() }}
	read := 0
	for range newClient(t, by(counting)).Messages.List(ctx, queue.ID, discue.MessageFilter{}) {
		if read++; read == 40 {
			break
		}
	}
	if len(counting.requests) != 1 {
		t.Fatalf("%d requests for 40 messages", len(counting.requests))
	}
}

func TestErrorsSayWhatIsWrongWithWhichProperty(t *testing.T) {
	_, err := newClient(t).Queues.Create(t.Context(), discue.CreateQueueRequest{Name: "no spaces, please"})
	var problem *discue.APIError
	if !errors.As(err, &problem) || !errors.Is(err, discue.ErrValidation) || problem.Errors[0].Path != "/name" {
		t.Fatalf("it is %v", err)
	}
	if problem.RequestID == "" || !strings.Contains(err.Error(), ": /name ") {
		t.Fatalf("it says %q", err)
	}
}

func TestWhatBrokeOrWasRefusedForTheMomentIsSentAgainWithTheSameKeyAndCountsOnce(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	flaky := &losing{lose: func(try int, send func() (*http.Response, error)) (*http.Response, error) {
		if try == 1 {
			return answer(503, "busy"), nil
		}
		return firstLost(try-1, send)
	}}
	sent := must(newClient(t, by(flaky)).Messages.SendJSON(ctx, queue.ID, "x"))(t)
	keys := map[string]bool{}
	for _, request := range flaky.requests {
		keys[request.Header.Get("Idempotency-Key")] = true
	}
	if len(flaky.requests) != 3 || len(keys) != 1 || keys[""] {
		t.Fatalf("%d requests with the keys %v", len(flaky.requests), keys)
	}
	for message, err := range client.Messages.List(ctx, queue.ID, discue.MessageFilter{}) {
		if must(message, err)(t).ID != sent.ID {
			t.Fatalf("%s beside %s", message.ID, sent.ID)
		}
	}
}

func TestASecretIsRotatedOnceAndWhatWasDeletedWhileTheAnswerWasLostIsDeleted(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	asked := discue.CreateListenerRequest{Name: "shop", NotifyURL: discue.Value("http://127.0.0.1:9/")}
	listener := must(client.Listeners.Create(ctx, queue.ID, asked))(t)
	rotate := &losing{lose: firstLost}
	changes := discue.UpdateListenerRequest{Secret: discue.Ptr("rotate")}
	_, err := newClient(t, by(rotate)).Listeners.Update(ctx, queue.ID, listener.ID, changes)
	var broken *discue.ConnectionError
	if !errors.As(err, &broken) || rotate.methods() != "PATCH" {
		t.Fatalf("%s, then %v", rotate.methods(), err)
	}
	remove := &losing{lose: firstLost}
	if err := newClient(t, by(remove)).Listeners.Delete(ctx, queue.ID, listener.ID); err != nil {
		t.Fatal(err)
	}
	if remove.methods() != "DELETE DELETE" {
		t.Fatal(remove.methods())
	}
	if err := client.Listeners.Delete(ctx, queue.ID, listener.ID); !errors.Is(err, discue.ErrNotFound) {
		t.Fatalf("it is %v", err)
	}
}

func TestAnIDThatWouldNameSomethingElseReachesNoServer(t *testing.T) {
	client := newClient(t)
	for _, id := range []string{"", ".", ".."} {
		if err := client.Queues.Delete(t.Context(), id); err == nil || !strings.Contains(err.Error(), "is no id") {
			t.Fatalf("%q: %v", id, err)
		}
		for _, err := range client.Messages.List(t.Context(), id, discue.MessageFilter{}) {
			if err == nil {
				t.Fatalf("%q was listed", id)
			}
		}
	}
}

func TestGivesUpAfterItsTriesWithTheLastFailure(t *testing.T) {
	busy := &losing{lose: func(int, func() (*http.Response, error)) (*http.Response, error) { return answer(503, ""), nil }}
	ask := func(client *discue.Client) error {
		_, err := client.Queues.Create(t.Context(), discue.CreateQueueRequest{Name: "x"})
		return err
	}
	if err := ask(newClient(t, by(busy), discue.WithRetries(2))); !errors.Is(err, discue.ErrUnavailable) {
		t.Fatalf("it is %v", err)
	}
	if len(busy.requests) != 3 {
		t.Fatalf("%d tries", len(busy.requests))
	}
	refused := &losing{lose: func(int, func() (*http.Response, error)) (*http.Response, error) {
		return answer(400, "<html>a proxy</html>"), nil
	}}
	if err := ask(newClient(t, by(refused))); err == nil || err.Error() != "discue: 400 Bad Request" {
		t.Fatalf("it is %v", err)
	}
	if len(refused.requests) != 1 {
		t.Fatalf("%d tries", len(refused.requests))
	}
	nowhere := must(discue.New("http://127.0.0.1:1", "k", discue.WithRetries(0)))(t)
	var broken *discue.ConnectionError
	if err := ask(nowhere); !errors.As(err, &broken) {
		t.Fatalf("it is %v", err)
	}
}

func TestACallEndsWithItsContextAndATryWithItsTime(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	listener := must(client.Listeners.Create(ctx, queue.ID, discue.CreateListenerRequest{Name: "puller"}))(t)
	ending, end := context.WithCancelCause(ctx)
	enough := errors.New("enough")
	time.AfterFunc(50*time.Millisecond, func() { end(enough) })
	_, err := client.Leases.Pull(ending, queue.ID, listener.ID, discue.PullMessagesRequest{Wait: discue.Ptr(int64(30_000))})
	if !errors.Is(err, enough) {
		t.Fatalf("it is %v", err)
	}
	endless := &losing{lose: func(int, func() (*http.Response, error)) (*http.Response, error) {
		reader, _ := io.Pipe()
		return &http.Response{StatusCode: 200, Body: reader}, nil
	}}
	impatient := newClient(t, by(closing{endless}), discue.WithTimeout(50*time.Millisecond), discue.WithRetries(0))
	if _, err := impatient.Queues.Get(ctx, queue.ID); err == nil || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Fatalf("it is %v", err)
	}
}

// closing ends the body of an answer with the context of its request, as connections do.
type closing struct{ inner http.RoundTripper }

func (c closing) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.inner.RoundTrip(request)
	if err == nil {
		context.AfterFunc(request.Context(), func() {
			response.Body.(*io.PipeReader).CloseWithError(request.Context().Err())
		})
	}
	return response, err
}

func TestOneQueueOfANameIsMadeHoweverManyAskForItAtOnce(t *testing.T) {
	client := newClient(t)
	name := newQueue(t, client).Name + "-asked"
	var asking sync.WaitGroup
	ids := make(chan string, 4)
	for range 4 {
		asking.Go(func() {
			queue, err := client.Queues.Ensure(t.Context(), name)
			ids <- queue.ID + fmt.Sprint(err)
		})
	}
	asking.Wait()
	close(ids)
	made := map[string]bool{}
	for id := range ids {
		made[id] = true
	}
	if len(made) != 1 {
		t.Fatal(made)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	away := &losing{lose: func(int, func() (*http.Response, error)) (*http.Response, error) {
		response := answer(307, "")
		response.Header.Set("Location", "http://127.0.0.1:1/")
		return response, nil
	}}
	_, err := newClient(t, by(away)).Queues.Create(t.Context(), discue.CreateQueueRequest{Name: "x"})
	var problem *discue.APIError
	if !errors.As(err, &problem) || problem.Status != 307 || len(away.requests) != 1 {
		t.Fatalf("%d requests, then %v", len(away.requests), err)
	}
}

func TestBytesAreSentAndReadAsTheyAre(t *testing.T) {
	client := newClient(t)
	queueID := newQueue(t, client).ID
	body := make([]byte, 256)
	for at := range body {
		body[at] = byte(at)
	}
	sent := must(client.Messages.SendBytes(t.Context(), queueID, body, "image/png"))(t)
	read := must(client.Messages.Get(t.Context(), sent.ID))(t)
	if got := must(read.Bytes())(t); !bytes.Equal(got, body) || read.ContentType != "image/png" {
		t.Fatalf("it is %x, %q", got, read.ContentType)
	}
	text := must(client.Messages.SendJSON(t.Context(), queueID, "ü"))(t)
	if got := must(must(client.Messages.Get(t.Context(), text.ID))(t).Bytes())(t); string(got) != `"ü"` {
		t.Fatalf("it is %q", got)
	}
}
