package discue_test

import (
	"encoding/json"
	"testing"

	"discue"
)

func TestAPropertyIsLeftOutNullOrHasAValue(t *testing.T) {
	for want, changes := range map[string]discue.UpdateListenerRequest{
		`{}`:                                    {},
		`{"notify_url":null}`:                   {NotifyURL: discue.Null[string]()},
		`{"notify_url":""}`:                     {NotifyURL: discue.Value("")},
		`{"circuit_breaker":false}`:             {CircuitBreaker: discue.Ptr(false)},
		`{"rate_limit":{"requests":0,"per":0}}`: {RateLimit: discue.Value(discue.RateLimit{})},
	} {
		got, err := json.Marshal(changes)
		if err != nil || string(got) != want {
			t.Fatalf("%s where %s was due, %v", got, want, err)
		}
	}
}
