package discue_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"discue"
)

var (
	secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a-secret-of-24-bytes-long"))
	other  = "whsec_" + base64.StdEncoding.EncodeToString([]byte("another-one-of-24-bytes-!"))
)

func signed(body, secret string, at time.Time) http.Header {
	timestamp := fmt.Sprint(at.Unix())
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "a.%s.%s", timestamp, body)
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	header := http.Header{}
	header.Set("webhook-id", "a")
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", "v1,eA== v1,"+signature)
	return header
}

func ask(receiver http.Handler, header http.Header, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest("POST", "/", strings.NewReader(body))
	request.Header = header
	recorder := httptest.NewRecorder()
	receiver.ServeHTTP(recorder, request)
	return recorder
}

func TestTakesOneOfSeveralSignaturesByOneOfSeveralSecretsOverTheBytes(t *testing.T) {
	by := discue.Verifier{Secrets: []string{other, secret}}
	delivery, err := by.Verify(signed(`{"a": 1}`, secret, time.Now()), []byte(`{"a": 1}`))
	var data map[string]int
	if err != nil || delivery.JSON(&data) != nil || delivery.ID != "a" || data["a"] != 1 {
		t.Fatalf("it is %+v, %v", delivery, err)
	}
	if _, err := by.Verify(signed(`{"a": 1}`, secret, time.Now()), []byte(`{"a":1}`)); !errors.Is(err, discue.ErrMismatch) {
		t.Fatalf("it is %v", err)
	}
}

func TestTakesNoneWhoseClockIsTooFar(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	by := discue.Verifier{Secrets: []string{secret}, Now: func() time.Time { return now }}
	for _, drift := range []time.Duration{-301 * time.Second, 301 * time.Second} {
		if _, err := by.Verify(signed("", secret, now.Add(drift)), nil); !errors.Is(err, discue.ErrTooOld) {
			t.Fatalf("it is %v", err)
		}
		patient := by
		patient.Tolerance = 301 * time.Second
		if _, err := patient.Verify(signed("", secret, now.Add(drift)), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, timestamp := range []string{"-1", "nan", "1e9", strings.Repeat("9", 400)} {
		header := signed("", secret, now)
		header.Set("webhook-timestamp", timestamp)
		if _, err := by.Verify(header, nil); !errors.Is(err, discue.ErrTooOld) {
			t.Fatalf("%q: %v", timestamp, err)
		}
	}
}

func TestASecretThatIsNoneTakesNothing(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"whsec_"}, {"whsec_!!"}} {
		by := discue.Verifier{Secrets: secrets}
		if _, err := by.Verify(signed("", "whsec_", time.Now()), nil); err == nil || errors.Is(err, discue.ErrMismatch) {
			t.Fatalf("%v: %v", secrets, err)
		}
	}
}

func TestSaysWhatBecameOfIt(t *testing.T) {
	var handled []string
	fails := true
	receiver := &discue.Receiver{
		Verifier:      discue.Verifier{Secrets: []string{secret}},
		Deduplication: discue.NewMemoryDeduplication(10),
		OnError:       func(error) {},
		Handle: func(_ context.Context, delivery discue.Delivery) error {
			if fails {
				fails = false
				return errors.New("not today")
			}
			handled = append(handled, string(delivery.Data))
			return nil
		},
	}
	huge := strings.Repeat(" ", 2*1024*1024)
	for _, step := range []struct {
		body, secret string
		status       int
	}{{"x", secret, 500}, {"x", secret, 204}, {"x", secret, 204}, {"x", other, 400}, {huge, secret, 413}} {
		if got := ask(receiver, signed(step.body, step.secret, time.Now()), step.body).Code; got != step.status {
			t.Fatalf("%d where %d was due", got, step.status)
		}
	}
	if got := ask(receiver, http.Header{}, "x").Code; got != 400 {
		t.Fatal(got)
	}
	if len(handled) != 1 {
		t.Fatal(handled)
	}
}

func TestWhatIsHandledAtThisMomentIsNotHandledBesideIt(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	receiver := &discue.Receiver{
		Verifier:      discue.Verifier{Secrets: []string{secret}},
		Deduplication: discue.NewMemoryDeduplication(10),
		Handle: func(context.Context, discue.Delivery) error {
			close(entered)
			<-leave
			return nil
		},
	}
	header := signed("x", secret, time.Now())
	var first sync.WaitGroup
	first.Go(func() { ask(receiver, header, "x") })
	<-entered
	if second := ask(receiver, header, "x"); second.Code != 409 || second.Header().Get("Retry-After") != "1" {
		t.Fatal(second)
	}
	close(leave)
	first.Wait()
	if third := ask(receiver, header, "x"); third.Code != 204 {
		t.Fatal(third)
	}
}

func TestAPanicLeavesAMessageThatMayComeAgain(t *testing.T) {
	panics := true
	receiver := &discue.Receiver{
		Verifier:      discue.Verifier{Secrets: []string{secret}},
		Deduplication: discue.NewMemoryDeduplication(10),
		Handle: func(context.Context, discue.Delivery) error {
			if panics {
				panic("a fault of the handler's")
			}
			return nil
		},
	}
	header := signed("x", secret, time.Now())
	func() {
		defer func() { _ = recover() }()
		ask(receiver, header, "x")
	}()
	panics = false
	if again := ask(receiver, header, "x"); again.Code != 204 {
		t.Fatal(again.Code)
	}
}

func TestForgetsTheOldestThatIsDoneAndNothingThatRuns(t *testing.T) {
	ctx, store := t.Context(), discue.NewMemoryDeduplication(1)
	begin := func(id string) discue.DeduplicationState { return must(store.Begin(ctx, id))(t) }
	begin("running")
	for _, id := range []string{"a", "b"} {
		begin(id)
		_ = store.Finish(ctx, id)
	}
	got := []discue.DeduplicationState{begin("running"), begin("a"), begin("b")}
	if got[0] != discue.MessageRunning || got[1] != discue.MessageNew || got[2] != discue.MessageDone {
		t.Fatal(got)
	}
}

func TestAReceiverGetsWhatWasSentVerifiedOnceForEachMessage(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	var mutex sync.Mutex
	var handled []string
	fails := true
	receiver := &discue.Receiver{
		Deduplication: discue.NewMemoryDeduplication(10),
		OnError:       func(error) {},
		Handle: func(_ context.Context, delivery discue.Delivery) error {
			mutex.Lock()
			defer mutex.Unlock()
			if fails {
				fails = false
				return errors.New("not today")
			}
			handled = append(handled, fmt.Sprintf("%s by %s", delivery.Data, delivery.QueueID))
			return nil
		},
	}
	server := httptest.NewServer(receiver)
	defer server.Close()
	retry := discue.RetryChange{InitialDelay: discue.Ptr(int64(10)), MaxDelay: discue.Ptr(int64(10))}
	asked := discue.CreateListenerRequest{Name: "shop", NotifyURL: discue.Value(server.URL), Retry: &retry}
	listener := must(client.Listeners.Create(ctx, queue.ID, asked))(t)
	receiver.Secrets = []string{listener.Secret}
	sent := must(client.Messages.SendJSON(ctx, queue.ID, "ünïcödé ✓"))(t)
	waitFor(t, "the delivery", func() bool {
		return must(client.Messages.Get(ctx, sent.ID))(t).Status == discue.MessageStatusDelivered
	})
	if want := `"ünïcödé ✓" by ` + queue.ID; len(handled) != 1 || handled[0] != want {
		t.Fatal(handled)
	}
}

var privateKey = ed25519.NewKeyFromSeed([]byte("a private key, of 32 bytes long."))

func signedPrivately(body string) http.Header {
	header := signed(body, secret, time.Now())
	text := fmt.Sprintf("a.%s.%s", header.Get("webhook-timestamp"), body)
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(privateKey, []byte(text)))
	header.Set("webhook-signature", "v1,"+signature+" v1a,eA== v1a,"+signature)
	return header
}

func publicKey(key ed25519.PrivateKey) string {
	return "whpk_" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

func TestTakesWhatAPrivateKeySignedByItsPublicKeyAndNothingElse(t *testing.T) {
	public, header := publicKey(privateKey), signedPrivately("x")
	another := publicKey(ed25519.NewKeyFromSeed([]byte("another private key, of 32 bytes")))
	asSecret := header.Clone()
	asSecret.Set("webhook-signature", strings.ReplaceAll(header.Get("webhook-signature"), "v1a,", "v1,"))
	for _, one := range []struct {
		header  http.Header
		body    string
		secrets []string
		want    error
	}{
		{header, "x", []string{public}, nil},
		{header, "x", []string{secret, public}, nil},
		{signed("x", secret, time.Now()), "x", []string{public, secret}, nil},
		{header, "y", []string{public}, discue.ErrMismatch},
		{header, "x", []string{another}, discue.ErrMismatch},
		{asSecret, "x", []string{public}, discue.ErrMismatch},
	} {
		by := discue.Verifier{Secrets: one.secrets}
		if _, err := by.Verify(one.header, []byte(one.body)); !errors.Is(err, one.want) {
			t.Fatalf("%q by %v: %v", one.body, one.secrets, err)
		}
	}
	for _, none := range []string{"whpk_", "whpk_!!", "whpk_c2hvcnQ="} {
		_, err := discue.Verifier{Secrets: []string{none}}.Verify(header, []byte("x"))
		if err == nil || !strings.Contains(err.Error(), "the base64 of 32 bytes") {
			t.Fatalf("%q: %v", none, err)
		}
	}
}

func TestTakesWhatTheServerSignedWithAPrivateKey(t *testing.T) {
	ctx, client := t.Context(), newClient(t)
	queue := newQueue(t, client)
	receiver := &discue.Receiver{Handle: func(context.Context, discue.Delivery) error { return nil }}
	server := httptest.NewUnstartedServer(receiver)
	defer server.Close()
	url := "http://" + server.Listener.Addr().String()
	asked := discue.CreateListenerRequest{Name: "shop", NotifyURL: discue.Value(url), Signature: discue.SignatureVersionV1a}
	listener := must(client.Listeners.Create(ctx, queue.ID, asked))(t)
	receiver.Secrets = []string{listener.PublicKey}
	server.Start()
	sent := must(client.Messages.SendJSON(ctx, queue.ID, "x"))(t)
	waitFor(t, "the delivery", func() bool {
		return must(client.Messages.Get(ctx, sent.ID))(t).Status == discue.MessageStatusDelivered
	})
}

func TestOutlivesASenderThatHangsUp(t *testing.T) {
	var errs []error
	receiver := &discue.Receiver{OnError: func(err error) { errs = append(errs, err) }}
	request := httptest.NewRequest("POST", "/", brokenBody{bytes.NewReader([]byte("{"))})
	recorder := httptest.NewRecorder()
	receiver.ServeHTTP(recorder, request)
	if recorder.Code != 400 || len(errs) != 1 {
		t.Fatal(recorder.Code, errs)
	}
}

type brokenBody struct{ *bytes.Reader }

func (b brokenBody) Read(into []byte) (int, error) {
	if count, err := b.Reader.Read(into); err == nil {
		return count, nil
	}
	return 0, errors.New("the connection broke")
}
