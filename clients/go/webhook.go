package discue

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Why a request is not taken for a delivery: answer 400 to it.
var (
	ErrNotSigned = errors.New("discue: a request without webhook-id, webhook-timestamp and webhook-signature")
	ErrTooOld    = errors.New("discue: signed at a time that is too far from this clock")
	ErrMismatch  = errors.New("discue: no signature fits: another secret, or a body that was changed on its way")
)

// DefaultTolerance is how far the sender's clock and this one may be apart.
const DefaultTolerance = 5 * time.Minute

// Delivery is what a receiver was sent, after its signature was verified.
type Delivery struct {
	// ID is the message's, the same on every attempt: know a repetition by it.
	ID string
	// SignedAt is when this attempt was signed.
	SignedAt time.Time
	// Data is exactly what was posted.
	Data []byte
	// ContentType says what Data is.
	ContentType string
	QueueID     string
	ListenerID  string
	// Attempt counts from 1.
	Attempt int
	// Sequence counts up by one per message of a listener with an ordering; else it is 0.
	Sequence int64
	// IsTest says that it is the test message of a preflight check, which is no message.
	IsTest bool
}

// JSON reads Data into value.
func (d Delivery) JSON(value any) error { return json.Unmarshal(d.Data, value) }

// Verifier judges requests.
type Verifier struct {
	// Secrets are the listener's, whsec_…, or its public key, whpk_…; of several one has to fit, as while one is replaced by
	// another.
	Secrets []string
	// Tolerance is DefaultTolerance where it is 0.
	Tolerance time.Duration
	// Now is time.Now where it is nil.
	Now func() time.Time
}

// Verify judges a request by the Standard Webhooks specification, over the bytes of the body as they came. It fails with
// ErrNotSigned, ErrTooOld or ErrMismatch, and with another error where a secret is none.
func (v Verifier) Verify(header http.Header, body []byte) (Delivery, error) {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	signatures := header.Get("webhook-signature")
	if id == "" || timestamp == "" || signatures == "" {
		return Delivery{}, ErrNotSigned
	}
	signedAt, err := v.signedAt(timestamp)
	if err != nil {
		return Delivery{}, err
	}
	fits, err := v.fits(id+"."+timestamp+".", body, signatures)
	if err != nil {
		return Delivery{}, err
	}
	if !fits {
		return Delivery{}, ErrMismatch
	}
	delivery := Delivery{ID: id, SignedAt: signedAt, Data: body, IsTest: header.Get("discue-test") == "true"}
	delivery.ContentType = header.Get("content-type")
	delivery.QueueID, delivery.ListenerID = header.Get("discue-queue"), header.Get("discue-listener")
	// Signed or not, these come from the server: one that is missing is 0.
	delivery.Attempt, _ = strconv.Atoi(header.Get("discue-attempt"))
	delivery.Sequence, _ = strconv.ParseInt(header.Get("discue-sequence"), 10, 64)
	return delivery, nil
}

func (v Verifier) signedAt(timestamp string) (time.Time, error) {
	now, tolerance := time.Now, DefaultTolerance
	if v.Now != nil {
		now = v.Now
	}
	if v.Tolerance != 0 {
		tolerance = v.Tolerance
	}
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	signedAt := time.Unix(int64(seconds), 0)
	if err != nil || now().Sub(signedAt).Abs() > tolerance {
		return time.Time{}, ErrTooOld
	}
	return signedAt, nil
}

func (v Verifier) fits(head string, body []byte, signatures string) (bool, error) {
	if len(v.Secrets) == 0 {
		return false, errors.New("discue: there is no secret to verify by")
	}
	signed := append([]byte(head), body...)
	fits := false
	for _, secret := range v.Secrets {
		version, verify, err := verification(secret, signed)
		if err != nil {
			return false, err
		}
		for _, signature := range strings.Fields(signatures) {
			text, isOfKind := strings.CutPrefix(signature, version)
			given, err := base64.StdEncoding.DecodeString(text)
			fits = fits || (isOfKind && err == nil && verify(given))
		}
	}
	return fits, nil
}

// verification tells which signatures a secret or a public key judges, and how. It fails where the secret is none.
func verification(secret string, signed []byte) (version string, verify func(signature []byte) bool, err error) {
	if text, isPublic := strings.CutPrefix(secret, "whpk_"); isPublic {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return "", nil, errors.New("discue: a public key must be whpk_ and the base64 of 32 bytes")
		}
		return "v1a,", func(signature []byte) bool { return ed25519.Verify(key, signed, signature) }, nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	// An empty key would take what anybody signs.
	if err != nil || len(key) == 0 {
		return "", nil, errors.New("discue: a secret must be whsec_ and base64")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(signed)
	expected := mac.Sum(nil)
	return "v1,", func(signature []byte) bool { return hmac.Equal(signature, expected) }, nil
}
