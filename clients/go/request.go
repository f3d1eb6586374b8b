package discue

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	firstDelay   = 250 * time.Millisecond
	longestDelay = 30 * time.Second
)

type request struct {
	method string
	// Below /v1, such as /queues; empty where an id cannot be one.
	path  string
	query url.Values
	body  any
	// By which the server knows a repetition.
	idempotencyKey string
	// A repetition does no harm, though it is a POST; or it does, though it is none.
	isRepeatable, isUnrepeatable bool
	// Added to the time that a try has.
	wait time.Duration
}

func (r request) with(options []CallOption) request {
	for _, set := range options {
		set(&r)
	}
	return r
}

func (r request) mayRepeat() bool {
	return !r.isUnrepeatable && (r.isRepeatable || r.method != "POST" || r.idempotencyKey != "")
}

// pathOf joins segments, ids among them, each of which stays one.
func pathOf(segments ...string) (string, error) {
	var path strings.Builder
	for _, segment := range segments {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("discue: %q is no id", segment)
		}
		path.WriteString("/" + url.PathEscape(segment))
	}
	return path.String(), nil
}

// failure is what came of a try that has no good answer; status is 0 where no whole answer came.
type failure struct {
	err        error
	status     int
	retryAfter string
}

// delay is the time until the next try, after so many repetitions; false where there should be none.
func (f failure) delay(repetitions int) (time.Duration, bool) {
	seconds, err := strconv.ParseUint(f.retryAfter, 10, 32)
	isAsked := err == nil
	switch f.status {
	case 0, 429, 502, 503, 504:
		// Nothing was done, or the same answer will come to the same Idempotency-Key.
	case 409:
		// The first request with this Idempotency-Key is still running; without the header the conflict is for good.
		if !isAsked {
			return 0, false
		}
	default:
		return 0, false
	}
	if isAsked {
		return min(time.Duration(seconds)*time.Second, longestDelay), true
	}
	longest := min(firstDelay*time.Duration(math.Exp2(float64(min(repetitions, 10)))), longestDelay)
	// Many clients that saw the same failure should not come back at the same time.
	return longest/2 + rand.N(longest/2+1), true
}
